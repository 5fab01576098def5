#include "sandbox/planted.hpp"

#include <algorithm>

#include "sandbox/paths.hpp"
#include "sandbox/record.hpp"

namespace owhale::sandbox {
namespace {

using boost::asio::awaitable;

// Whether the look came about.
awaitable<bool> find_at_top(Run& run, Looker& looker, std::vector<std::string>& found) {
    auto& absent = run.cage.absent;
    if (absent.empty()) co_return true;
    if (absent.size() > wire::kMaxProbes) absent.resize(wire::kMaxProbes);
    Probes probes;
    for (const auto& path : absent) probes.rows.push_back({Purpose::protected_file, wire::kBaseAbsolute, 0, path});
    const std::string none;
    const auto held = co_await looker.look_up(run.caller(), none, none, run.cage.run_as, std::move(probes));
    if (!held) co_return false;
    for (std::size_t i = 0; i < absent.size(); ++i)
        if (Probes::fact(held->resolution, i).mode != 0) found.push_back(printable(absent[i]));
    co_return true;
}

awaitable<bool> find_deeper(Run& run, Looker& looker, const Tables& tables, std::vector<std::string>& found) {
    const auto& root = run.cage.scan_root;
    if (root.empty()) co_return true;
    const auto now = co_await looker.scan(run.caller(), root, run.cage.run_as, tables);
    if (!now) co_return false;
    for (const auto& entry : *now)
        if (std::ranges::find(run.cage.scanned, entry) == run.cage.scanned.end()) found.push_back(printable(join(root, entry.substr(1))));
    co_return true;
}

} // namespace

awaitable<std::vector<std::string>> find_planted(Run& run, Looker& looker, const Tables& tables) {
    std::vector<std::string> found;
    const bool top = co_await find_at_top(run, looker, found);
    const bool deeper = co_await find_deeper(run, looker, tables, found);
    if (!top || !deeper)
        run.receipt.weaker.emplace_back("whether it made files that a later uncaged program runs was not checked: the client had gone");
    co_return found;
}

} // namespace owhale::sandbox
