#include "policy/matching.hpp"

#include <algorithm>
#include <span>

namespace owhale::policy {
namespace {

// Acts that change something, and those that do not.
constexpr std::uint32_t bit(Act act) {
    return 1U << static_cast<unsigned>(act);
}
constexpr std::uint32_t kChanging = bit(Act::write) | bit(Act::remove) | bit(Act::change) | bit(Act::mount);
constexpr std::uint32_t kReading = bit(Act::read) | bit(Act::list) | bit(Act::execute);
constexpr std::uint32_t kTouching = kChanging | bit(Act::read) | bit(Act::execute);

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
    Match any_option(const std::vector<OptionPattern>& list);
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

Match Matching::values(const WordList& list, std::span<const Value> from) {
    auto best = Match::no;
    for (const auto& value : from) better(best, list.match(value.text), value.span, value.text);
    return best;
}

Match Matching::any_via(const WordList& list) {
    auto best = Match::no;
    for (const auto& name : command_.via) best = std::max(best, list.match(name));
    for (const auto& option : command_.wrapped) best = std::max(best, list.match(option));
    // kill $(pgrep x): pgrep is carried by "kill $()".
    if (command_.carrier >= 0 && !command_.via.empty() && command_.via.back() == "$()")
        best = std::max(best,
                        list.match(seen_.form().commands[static_cast<std::size_t>(command_.carrier)].program + " $()"));
    return best;
}

// What the table of programs knows as sub-command, and one or two operands more: `tool install` is one of every program.
Match Matching::sub_words() {
    auto words = command_.sub;
    auto best = rule_.sub.match(words);
    for (std::size_t i = 0; i < 2 && i < command_.operands.size() && best != Match::yes; ++i) {
        words += (words.empty() ? "" : " ") + command_.operands[i].text;
        best = std::max(best, rule_.sub.match(words));
    }
    return best;
}

// A word that may be an option, or the word of which the sub-command begins, is not known: anything may be there.
Match Matching::sub() {
    if (rule_.sub.empty()) return Match::yes;
    const auto match = sub_words();
    if (match != Match::no || !command_.sub.empty() || command_.operands.empty()) return match;
    const auto& first = command_.operands.front();
    if (first.known() == Known::known) return match;
    unknown_ = first.text;
    return Match::maybe;
}

Match Matching::any_env(const WordList& list) {
    auto best = Match::no;
    for (const auto& variable : command_.env)
        better(best, list.match(variable.name + "=" + variable.value.text), variable.value.span, variable.value.text);
    return best;
}

Match Matching::option(const OptionPattern& pattern) {
    auto best = Match::no;
    for (const auto& option : command_.options) {
        auto match = pattern.name.match(option.name);
        if (match != Match::no && pattern.value)
            match = option.value ? std::min(match, pattern.value->match(option.value->text)) : Match::no;
        better(best, match, option.span, option.value ? option.value->text : option.name);
    }
    return best;
}

Match Matching::any_option(const std::vector<OptionPattern>& list) {
    auto best = Match::no;
    for (const auto& pattern : list) best = std::max(best, option(pattern));
    if (best != Match::no || !seen_.option_unknown()) return best;
    unknown_ = kHole;
    return Match::maybe;
}

Match Matching::option_all() {
    auto worst = Match::yes;
    for (const auto& pattern : rule_.option_all) worst = std::min(worst, any_option({pattern}));
    return worst;
}

Match Matching::operand() {
    return rule_.operand.empty() ? Match::yes : values(rule_.operand, command_.operands);
}

Match Matching::operands() {
    auto worst = Match::yes;
    for (std::size_t i = 0; i < rule_.operands.size() && worst != Match::no; ++i) {
        if (i >= command_.operands.size()) return Match::no;
        const auto& operand = command_.operands[i];
        const auto match = rule_.operands[i].match(operand.text);
        if (match == Match::maybe) unknown_ = operand.text;
        if (match != Match::no) mark(operand.span);
        worst = std::min(worst, match);
    }
    return worst;
}

// The words behind the first; of --name=value the value, too.
Match Matching::any_word(const WordList& list) {
    if (command_.argv.empty()) return Match::no;
    const auto words = std::span(command_.argv).subspan(1);
    auto best = values(list, words);
    for (const auto& word : words) {
        const auto equals = word.text.starts_with("--") ? word.text.find('=') : std::string::npos;
        if (best == Match::yes || equals == std::string::npos) continue;
        better(best, list.match(std::string_view(word.text).substr(equals + 1)), word.span, word.text);
    }
    return best;
}

Match Matching::words() {
    const auto& rule = *outline_.rule;
    if (rule.words.empty()) return Match::yes;
    const auto given = command_.argv.empty() ? 0 : command_.argv.size() - 1;
    if (given < rule_.words.size() || (given > rule_.words.size() && !rule_.more_words)) return Match::no;
    auto worst = Match::yes;
    for (std::size_t i = 0; i < rule_.words.size() && worst != Match::no; ++i) {
        const auto& word = command_.argv[i + 1];
        const auto match = rule_.words[i].match(word.text);
        if (match == Match::maybe) unknown_ = word.text;
        worst = std::min(worst, match);
    }
    return worst;
}

Match Matching::variable() {
    if (rule_.variable.empty()) return Match::yes;
    auto best = Match::no;
    for (const auto& name : command_.unknown_variables) best = std::max(best, rule_.variable.match(name));
    return best;
}

Match Matching::in_pipeline(const WordList& list, bool later) {
    auto best = Match::no;
    for (const auto& other : seen_.form().commands) {
        if (other.pipeline != command_.pipeline || other.stage == command_.stage) continue;
        if ((other.stage > command_.stage) == later) best = std::max(best, list.match(other.program));
    }
    return best;
}

Match Matching::language() {
    if (rule_.language.empty()) return Match::yes;
    auto best = Match::no;
    for (const auto& code : command_.code) best = std::max(best, rule_.language.match(code.language));
    return best;
}

Match Matching::call() {
    if (rule_.call.empty()) return Match::yes;
    auto best = Match::no;
    for (const auto& code : command_.code)
        for (const auto& name : code.calls) better(best, rule_.call.match(name), code.text.span, name);
    return best;
}

Match Matching::any_code(const WordList& list) {
    auto best = Match::no;
    for (const auto& code : command_.code) better(best, list.match(code.text.text), code.text.span, kHole);
    return best;
}

// By its name alone, or with its port.
Match Matching::named_host(const WordList& names, std::size_t number) const {
    const auto match = names.match(seen_.host(number));
    const auto& port = command_.hosts[number].port;
    if (match == Match::yes || port.empty()) return match;
    return std::max(match, names.match(seen_.host(number) + ":" + port));
}

// What is allowed for one host is not allowed for another beside it.
Match Matching::every_host(bool listening, const WordList& names) {
    auto worst = Match::yes;
    bool any = false;
    for (std::size_t i = 0; i < command_.hosts.size(); ++i) {
        const auto& host = command_.hosts[i];
        if (host.listens != listening) continue;
        any = true;
        const auto match = named_host(names, i);
        if (match == Match::maybe) unknown_ = seen_.host(i);
        worst = std::min(worst, match);
    }
    return any ? worst : Match::no;
}

// A host that counts: no exception, and, where they are asked for, one of these names, one that data goes to.
Match Matching::some_host(bool listening, const WordList* names, bool sending) {
    auto best = Match::no;
    for (std::size_t i = 0; i < command_.hosts.size(); ++i) {
        const auto& host = command_.hosts[i];
        if (host.listens != listening || (sending && !host.sends)) continue;
        const auto& name = seen_.host(i);
        auto match = names == nullptr ? Match::yes : named_host(*names, i);
        if (!rule_.except_host.empty()) match = std::min(match, unless(rule_.except_host.match(name)));
        better(best, match, host.span, name);
    }
    return best;
}

// Without a condition about hosts: it is no command whose every host is an exception.
Match Matching::except_host() {
    const auto& rule = *outline_.rule;
    const bool elsewhere = !rule_.host.empty() || rule.connects || rule.sends_data || rule.listens;
    if (rule_.except_host.empty() || elsewhere || command_.hosts.empty()) return Match::yes;
    for (std::size_t i = 0; i < command_.hosts.size(); ++i)
        if (rule_.except_host.match(seen_.host(i)) != Match::yes) return Match::yes;
    return Match::no;
}

Match Matching::url() {
    if (rule_.url.empty()) return Match::yes;
    auto best = Match::no;
    for (const auto& host : command_.hosts)
        if (!host.url.empty()) better(best, rule_.url.match(host.url), host.span, host.url);
    return best;
}

Match Matching::by_access(const PathList& list, std::uint32_t acts, bool sent) {
    auto best = Match::no;
    for (std::size_t i = 0; i < command_.accesses.size(); ++i) {
        const auto& access = command_.accesses[i];
        if ((acts & bit(access.act)) == 0 || (sent && !access.sent)) continue;
        auto match = seen_.touched(list, i);
        const bool warns = outline_.rule->decision != Decision::allow;
        if (match == Match::maybe && warns && seen_.points_to(list, i)) match = Match::yes;
        if (match != Match::no && !rule_.except.empty()) {
            // What is surely meant does not stop to be so because a part of its name may make it an exception.
            const auto excepted = seen_.covered(rule_.except, i);
            if (excepted == Match::yes) match = Match::no;
            const bool unsure =
                excepted == Match::maybe && (!warns || seen_.covered(rule_.except, i, Mode::local) == Match::yes);
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
    if (!rule_.sends.empty()) worst = std::min(worst, by_access(rule_.sends, bit(Act::read), true));
    if (outline_.acts == 0 && outline_.rule->recursive)
        for (const auto& access : command_.accesses)
            if (access.recursive) recursive_ = Match::yes;
    return worst;
}

Match Matching::all_within(const PathList& list, std::uint32_t acts) {
    auto worst = Match::yes;
    for (std::size_t i = 0; i < command_.accesses.size() && worst != Match::no; ++i) {
        const auto& access = command_.accesses[i];
        if ((acts & bit(access.act)) == 0) continue;
        const auto match = seen_.covered(list, i);
        if (match == Match::maybe) unknown_ = access.path;
        worst = std::min(worst, match);
    }
    return worst;
}

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
    Condition{"host", &Matching::host},
    Condition{"url", &Matching::url},
    Condition{"except_host", &Matching::except_host},
    Condition{"paths", &Matching::paths},
    Condition{"recursive", &Matching::recursive},
    Condition{"within", &Matching::within},
    Condition{"reads_within", &Matching::reads_within},
};

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

// What can be told without looking closer: most rules are not about most commands.
bool passes(const Outline& rule, const Seen& seen) {
    const auto& command = seen.command();
    if (rule.facts != 0 && (rule.facts & seen.facts()) == 0) return false;
    if (rule.acts != 0 && (rule.acts & seen.acts()) == 0) return false;
    return !((rule.needs_host && command.hosts.empty()) || (rule.needs_code && command.code.empty()) ||
             (rule.needs_env && command.env.empty()) ||
             (rule.needs_via && command.via.empty() && command.wrapped.empty()));
}

} // namespace

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
