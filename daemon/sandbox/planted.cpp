#include "sandbox/planted.hpp"

#include <algorithm>

#include "sandbox/paths.hpp"
#include "sandbox/record.hpp"

namespace owhale::sandbox {

boost::asio::awaitable<std::vector<std::string>> find_planted(Run& run, Looker& looker, const Tables& tables) {
    std::vector<std::string> found;
    auto& [absent, scanned, root] = run.cage.before;
    if (absent.empty() && root.empty()) co_return found;
    if (absent.size() > wire::kMaxProbes) absent.resize(wire::kMaxProbes);
    Probes probes;
    for (const auto& path : absent) probes.rows.push_back({Purpose::protected_file, wire::kBaseAbsolute, 0, path});
    const auto held = co_await looker.look_again(run.caller(), root, run.cage.run_as, tables, std::move(probes));
    if (!held) {
        run.receipt.weaker.emplace_back(
            "whether it made files that a later uncaged program runs was not checked: the client had gone");
        co_return found;
    }
    for (std::size_t i = 0; i < absent.size(); ++i)
        if (Probes::fact(held->resolution, i).mode != 0) found.push_back(printable(absent[i]));
    for (const auto& entry : held->resolution.scanned)
        if (std::ranges::find(scanned, entry) == scanned.end()) found.push_back(printable(join(root, entry.substr(1))));
    co_return found;
}

} // namespace owhale::sandbox
