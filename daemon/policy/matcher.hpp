// One rule's conditions and one command, while they are compared: a condition a member, in matching_words.cpp,
// matching_hosts.cpp and matching_paths.cpp by what it is about.
#pragma once

#include <span>

#include "policy/matching.hpp"

namespace owhale::policy {

// A bit of an act, and of the acts that change something, and that do not.
constexpr std::uint32_t bit_of(Act act) {
    return 1U << static_cast<unsigned>(act);
}
constexpr std::uint32_t kChanging = bit_of(Act::write) | bit_of(Act::remove) | bit_of(Act::change) | bit_of(Act::mount);
constexpr std::uint32_t kReading = bit_of(Act::read) | bit_of(Act::list) | bit_of(Act::execute);
constexpr std::uint32_t kTouching = kChanging | bit_of(Act::read) | bit_of(Act::execute);

class Matching {
public:
    Matching(const Outline& outline, const Compiled& rule, const Seen& seen)
        : outline_(outline), rule_(rule), seen_(seen), command_(seen.command()) {}

    Hit run();

    Match facts() {
        if (outline_.facts == 0) return Match::yes;
        return (outline_.facts & seen_.facts()) != 0 ? Match::yes : Match::no;
    }
    Match no_facts() { return (outline_.no_facts & seen_.facts()) != 0 ? Match::no : Match::yes; }
    Match via() { return rule_.via.empty() ? Match::yes : any_via(rule_.via); }
    Match no_via() { return rule_.no_via.empty() ? Match::yes : unless(any_via(rule_.no_via)); }
    Match no_program() {
        return rule_.no_program.empty() ? Match::yes : unless(rule_.no_program.match(command_.program));
    }
    Match sub();
    Match env() { return rule_.env.empty() ? Match::yes : any_env(rule_.env); }
    Match no_env() { return rule_.no_env.empty() ? Match::yes : unless(any_env(rule_.no_env)); }
    Match option() { return rule_.option.empty() ? Match::yes : any_option(rule_.option); }
    Match option_all();
    Match no_option() { return rule_.no_option.empty() ? Match::yes : unless(any_option(rule_.no_option)); }
    Match operand();
    Match operands();
    Match word() { return rule_.word.empty() ? Match::yes : any_word(rule_.word); }
    Match words();
    Match no_word() { return rule_.no_word.empty() ? Match::yes : unless(any_word(rule_.no_word)); }
    Match variable();
    Match from() { return rule_.from.empty() ? Match::yes : in_pipeline(rule_.from, false); }
    Match into() { return rule_.into.empty() ? Match::yes : in_pipeline(rule_.into, true); }
    Match language();
    Match call();
    Match code() { return rule_.code.empty() ? Match::yes : any_code(rule_.code); }
    Match no_code() { return rule_.no_code.empty() ? Match::yes : unless(any_code(rule_.no_code)); }
    Match connects() { return flag(outline_.rule->connects, some_host(false, nullptr, false)); }
    Match sends_data() { return flag(outline_.rule->sends_data, some_host(false, nullptr, true)); }
    Match listens() { return flag(outline_.rule->listens, some_host(true, nullptr, false)); }
    Match agreed();
    Match host() {
        if (rule_.host.empty()) return Match::yes;
        const bool listening = outline_.rule->listens.value_or(false);
        return outline_.rule->decision == Decision::allow ? every_host(listening, rule_.host)
                                                          : some_host(listening, &rule_.host, false);
    }
    Match url();
    Match except_host();
    Match paths();
    Match recursive() { return flag(outline_.rule->recursive, recursive_); }
    Match within() { return rule_.within.empty() ? Match::yes : all_within(rule_.within, kChanging); }
    Match reads_within() { return rule_.reads_within.empty() ? Match::yes : all_within(rule_.reads_within, kReading); }

private:
    // What takes a command out of a rule to ask or deny must surely be there: `docker rm $X` is no dry run because $X may
    // say so, and $URL is not local because it may be.
    Match unless(Match is) const {
        if (is == Match::maybe && outline_.rule->decision != Decision::allow) return Match::yes;
        return negated(is);
    }
    static Match flag(const std::optional<bool>& wanted, Match is) {
        if (!wanted) return Match::yes;
        return *wanted ? is : negated(is);
    }
    // The better of two; the span of the better one is where the rule points to.
    void better(Match& best, Match next, Span span, std::string_view text) {
        if (next <= best) return;
        best = next;
        mark(span);
        if (next == Match::maybe) unknown_ = text;
    }
    void mark(Span span) {
        if (span.end > span.begin) span_ = span;
    }
    Match values(const WordList& list, std::span<const Value> from);
    Match sub_words();
    Match any_via(const WordList& list);
    Match any_env(const WordList& list);
    Match any_code(const WordList& list);
    Match any_word(const WordList& list);
    Match in_pipeline(const WordList& list, bool later);
    Match option(const OptionPattern& pattern);
    Match any_option(std::span<const OptionPattern> list);
    // A rule about hosts that are agreed to, or not, looks at no others.
    bool counts(const Host& host) const { return host.agreed == outline_.rule->agreed.value_or(host.agreed); }
    Match named_host(const WordList& names, std::size_t number) const;
    Match some_host(bool listening, const WordList* names, bool sending);
    Match every_host(bool listening, const WordList& names);
    Match by_access(const PathList& list, std::uint32_t acts, bool sent);
    Match all_within(const PathList& list, std::uint32_t acts);

    const Outline& outline_;
    const Compiled& rule_;
    const Seen& seen_;
    const SimpleCommand& command_;
    Span span_;
    std::string_view unknown_;
    Match recursive_ = Match::no; // an access that counted is
};

} // namespace owhale::policy
