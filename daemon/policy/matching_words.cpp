// Conditions about words: sub-commands, options, operands, variables, what carries a command, code.
#include "policy/matcher.hpp"

#include <algorithm>

namespace owhale::policy {

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

Match Matching::any_option(std::span<const OptionPattern> list) {
    auto best = Match::no;
    for (const auto& pattern : list) best = std::max(best, option(pattern));
    if (best != Match::no || !seen_.option_unknown()) return best;
    unknown_ = kHole;
    return Match::maybe;
}

Match Matching::option_all() {
    auto worst = Match::yes;
    for (const auto& pattern : rule_.option_all) worst = std::min(worst, any_option({&pattern, 1}));
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
    auto best = Match::no;
    for (const auto& word : words)
        if (!seen_.prints_placeholder(word.text)) better(best, list.match(word.text), word.span, word.text);
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
    for (const auto number : seen_.pipelines().with(command_)) {
        const auto& other = seen_.form().commands[number];
        if (other.stage == command_.stage) continue;
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

} // namespace owhale::policy
