// Which event of a report is the first bad one: pure, of its problems alone.
#include <algorithm>
#include <array>
#include <string_view>

#include "cli/verify/report.hpp"

namespace owhale::cli::verify {

bool of_events(const Problem& problem) {
    constexpr std::array<std::string_view, 10> kKinds = {"changed",    "missing",         "inserted",   "reordered",
                                                         "rewritten",  "signature_wrong", "older_copy", "emptied",
                                                         "unreadable", "drop_invented"};
    return std::ranges::find(kKinds, problem.kind) != kKinds.end();
}

// Each of them says that one of its events at least is bad, so the first bad one is behind none of their ends; all those of a
// gap are missing. Where the key is another, nothing that is signed says anything.
std::optional<FirstBad> first_bad(const Report& report) {
    const auto front = std::ranges::find_if(report.problems, [](const Problem& one) { return one.seq != 0; });
    if (front == report.problems.end()) return {};
    std::optional<FirstBad> out;
    for (const auto& one : report.problems) {
        if (!of_events(one)) continue;
        const auto end = one.kind == "missing" ? one.seq : one.through.value_or(one.seq);
        if (!out) out = FirstBad{one.seq, end};
        out = FirstBad{std::min(out->seq, one.seq), std::min(*out->through, end)};
    }
    if (!out || front->kind == "key_swapped") out = FirstBad{front->seq, front->through};
    if (out->through == out->seq) out->through.reset();
    return out;
}

} // namespace owhale::cli::verify
