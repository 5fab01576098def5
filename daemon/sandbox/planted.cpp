#include "sandbox/planted.hpp"

#include <algorithm>
#include <ctime>
#include <string_view>

#include "sandbox/paths.hpp"
#include "sandbox/record.hpp"
#include "sandbox/scan_words.hpp"

namespace owhale::sandbox {
namespace {

using boost::asio::awaitable;

constexpr std::string_view kWritable = ", writable";
constexpr std::string_view kUnlooked =
    "whether it left links in the agent's state was not checked: the client had gone";

awaitable<void> find_in_workspace(Run& run, Looker& looker, const Tables& tables, std::vector<std::string>& found) {
    auto& [absent, scanned, root] = run.cage.before;
    if (absent.empty() && root.empty()) co_return;
    if (absent.size() > wire::kMaxProbes) absent.resize(wire::kMaxProbes);
    Probes probes;
    for (const auto& path : absent) probes.rows.push_back({Purpose::protected_file, wire::kBaseAbsolute, 0, path});
    const auto held = co_await looker.look_again(run.caller(), root, run.cage.run_as, tables, std::move(probes));
    if (!held) {
        run.receipt.weaker.emplace_back(
            "whether it made files that a later uncaged program runs was not checked: the client had gone");
        co_return;
    }
    for (std::size_t i = 0; i < absent.size(); ++i)
        if (Probes::fact(held->resolution, i).mode != 0) found.push_back(printable(absent[i]));
    for (const auto& entry : held->resolution.scanned)
        if (std::ranges::find(scanned, entry) == scanned.end()) found.push_back(printable(join(root, entry.substr(1))));
}

// A second before the run was written down, for file systems whose times are coarse; 0 when that cannot be read.
std::string since(const Run& run) {
    std::tm parts{};
    const bool read = ::strptime(run.record.created.c_str(), "%Y-%m-%dT%H:%M:%S", &parts) != nullptr;
    return std::to_string(read ? ::timegm(&parts) - 1 : 0);
}

// An account is no user of this machine: no uncaged agent of its own comes later.
std::vector<std::string> state_of(const Run& run) {
    std::vector<std::string> out;
    if (!run.receipt.agent_state || run.caller().account != 0) return out;
    for (const auto& line : *run.receipt.agent_state)
        if (line.ends_with(kWritable)) out.push_back(line.substr(0, line.size() - kWritable.size()));
    return out;
}

std::string told(const std::string& folder, std::string_view entry) {
    const auto end = entry.find('\0');
    if (end == entry.npos) return printable(join(folder, entry.substr(1)));
    return printable(join(folder, entry.substr(1, end - 1))) + " " + printable(entry.substr(end + 1));
}

awaitable<void> find_in_state(Run& run, Looker& looker, std::string folder, std::vector<std::string>& found) {
    Tables question;
    question.protected_files = {std::string(wire::kScanLinks), since(run)};
    Probes none;
    const auto held = co_await looker.look_again(run.caller(), folder, run.cage.run_as, question, std::move(none));
    if (!held && held.error().code == Code::cwd_not_directory) co_return; // a file: its place was a mount, and held
    if (!held && held.error().code == Code::conflict) {
        auto& weaker = run.receipt.weaker;
        if (std::ranges::find(weaker, kUnlooked) == weaker.end()) weaker.emplace_back(kUnlooked);
        co_return;
    }
    if (held)
        for (const auto& entry : held->resolution.scanned) found.push_back(told(folder, entry));
    // What it can bring about itself is told as loudly as a link: otherwise it hides one so.
    if (!held || held->resolution.facts.scan != 1) found.push_back(folder + " (not looked through in full)");
}

} // namespace

awaitable<std::vector<std::string>> find_planted(Run& run, Looker& looker, const Tables& tables) {
    std::vector<std::string> found;
    co_await find_in_workspace(run, looker, tables, found);
    const auto folders = state_of(run);
    for (const auto& folder : folders) {
        auto name = folder;
        co_await find_in_state(run, looker, std::move(name), found);
    }
    co_return found;
}

} // namespace owhale::sandbox
