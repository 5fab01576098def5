#include "policy/matching.hpp"

#include <algorithm>

#include "policy/matcher.hpp"

namespace owhale::policy {
namespace {

struct Condition {
    std::string_view name;
    Match (Matching::*holds)();
};

// Those that cost least first.
constexpr std::array kConditions = {
    Condition{"fact", &Matching::facts},
    Condition{"no_fact", &Matching::no_facts},
    Condition{"via", &Matching::via},
    Condition{"no_via", &Matching::no_via},
    Condition{"no_program", &Matching::no_program},
    Condition{"sub", &Matching::sub},
    Condition{"language", &Matching::language},
    Condition{"env", &Matching::env},
    Condition{"no_env", &Matching::no_env},
    Condition{"from", &Matching::from},
    Condition{"into", &Matching::into},
    Condition{"option", &Matching::option},
    Condition{"option_all", &Matching::option_all},
    Condition{"no_option", &Matching::no_option},
    Condition{"operand", &Matching::operand},
    Condition{"operands", &Matching::operands},
    Condition{"word", &Matching::word},
    Condition{"words", &Matching::words},
    Condition{"no_word", &Matching::no_word},
    Condition{"variable", &Matching::variable},
    Condition{"call", &Matching::call},
    Condition{"code", &Matching::code},
    Condition{"no_code", &Matching::no_code},
    Condition{"connects", &Matching::connects},
    Condition{"sends_data", &Matching::sends_data},
    Condition{"listens", &Matching::listens},
    Condition{"agreed", &Matching::agreed},
    Condition{"host", &Matching::host},
    Condition{"url", &Matching::url},
    Condition{"except_host", &Matching::except_host},
    Condition{"paths", &Matching::paths},
    Condition{"recursive", &Matching::recursive},
    Condition{"within", &Matching::within},
    Condition{"reads_within", &Matching::reads_within},
};

// What can be told without looking closer: most rules are not about most commands.
bool passes(const Outline& rule, const Seen& seen) {
    if (rule.facts != 0 && (rule.facts & seen.facts()) == 0) return false;
    if (rule.acts != 0 && (rule.acts & seen.acts()) == 0) return false;
    return (rule.needs & ~seen.has()) == 0;
}

} // namespace

Hit Matching::run() {
    Hit hit;
    for (const auto& condition : kConditions) {
        const auto match = (this->*condition.holds)();
        if (match == Match::yes) continue;
        if (match == Match::no || hit.match == Match::yes) hit.condition = condition.name;
        hit.match = match;
        if (match == Match::no) return hit;
        if (hit.unknown.empty()) hit.unknown = shown(unknown_);
    }
    hit.span = span_ == Span{} ? command_.span : span_;
    return hit;
}

Hit matches(const Index& index, std::uint32_t rule, const Seen& seen) {
    if (!passes(index.rules()[rule], seen)) return {Match::no, {}, "", {}};
    return looked_at(index, rule, seen);
}

Hit looked_at(const Index& index, std::uint32_t rule, const Seen& seen) {
    return Matching(index.rules()[rule], index.compiled(rule), seen).run();
}

std::optional<Decision> decision_of(const Rule& rule, Match match) {
    if (match == Match::no) return std::nullopt;
    if (match == Match::yes) return rule.decision;
    if (rule.decision == Decision::allow || rule.unknown == Unknown::skip) return std::nullopt;
    return rule.unknown == Unknown::match ? rule.decision : Decision::ask;
}

} // namespace owhale::policy
