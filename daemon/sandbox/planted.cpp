#include "sandbox/planted.hpp"

#include "sandbox/record.hpp"

namespace owhale::sandbox {

boost::asio::awaitable<std::vector<std::string>> find_planted(Run& run, Looker& looker) {
    std::vector<std::string> found;
    auto& absent = run.cage.absent;
    if (absent.empty()) co_return found;
    if (absent.size() > wire::kMaxProbes) absent.resize(wire::kMaxProbes);
    Probes probes;
    for (const auto& path : absent) probes.rows.push_back({Purpose::protected_file, wire::kBaseAbsolute, 0, path});
    const std::string none;
    const auto held = co_await looker.look_up(run.caller(), none, none, run.cage.run_as, std::move(probes));
    if (!held) {
        run.receipt.weaker.emplace_back("whether it made files that a later uncaged program runs was not checked: the client had gone");
        co_return found;
    }
    for (std::size_t i = 0; i < absent.size(); ++i)
        if (Probes::fact(held->resolution, i).mode != 0) found.push_back(printable(absent[i]));
    co_return found;
}

} // namespace owhale::sandbox
