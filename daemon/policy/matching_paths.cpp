// Conditions about paths.
#include "policy/matcher.hpp"

#include <algorithm>

namespace owhale::policy {

Match Matching::by_access(const PathList& list, std::uint32_t acts, bool sent) {
    auto best = Match::no;
    for (std::size_t i = 0; i < command_.accesses.size(); ++i) {
        const auto& access = command_.accesses[i];
        if ((acts & bit_of(access.act)) == 0 || (sent && !access.sent)) continue;
        auto match = seen_.touched(list, i);
        const bool warns = outline_.rule->decision != Decision::allow;
        if (match == Match::maybe && warns && seen_.points_to(list, i)) match = Match::yes;
        if (match != Match::no && !rule_.except.empty()) {
            // What is surely meant does not stop to be so because a part of its name may make it an exception.
            const auto excepted = seen_.covered(rule_.except, i, seen_.mode(), &list);
            if (excepted == Match::yes) match = Match::no;
            const bool unsure = excepted == Match::maybe &&
                                (!warns || seen_.covered(rule_.except, i, Mode::local, &list) == Match::yes);
            if (unsure) match = std::min(match, Match::maybe);
        }
        if (access.recursive) recursive_ = std::max(recursive_, match);
        better(best, match, access.span, access.path);
    }
    return best;
}

Match Matching::paths() {
    auto worst = Match::yes;
    for (std::size_t act = 0; act < kActs; ++act)
        if (!rule_.by_act[act].empty()) worst = std::min(worst, by_access(rule_.by_act[act], 1U << act, false));
    if (!rule_.touches.empty()) worst = std::min(worst, by_access(rule_.touches, kTouching, false));
    if (!rule_.sends.empty()) worst = std::min(worst, by_access(rule_.sends, bit_of(Act::read), true));
    if (outline_.acts == 0 && outline_.rule->recursive)
        for (const auto& access : command_.accesses)
            if (access.recursive) recursive_ = Match::yes;
    return worst;
}

Match Matching::all_within(const PathList& list, std::uint32_t acts) {
    auto worst = Match::yes;
    for (std::size_t i = 0; i < command_.accesses.size() && worst != Match::no; ++i) {
        const auto& access = command_.accesses[i];
        if ((acts & bit_of(access.act)) == 0) continue;
        const auto match = seen_.covered(list, i);
        if (match == Match::maybe) unknown_ = access.path;
        worst = std::min(worst, match);
    }
    return worst;
}

} // namespace owhale::policy
