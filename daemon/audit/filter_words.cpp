#include "audit/filter_words.hpp"

#include <algorithm>

#include "audit/event_name.hpp"
#include "audit/outcome_names.hpp"
#include "shared/nearest.hpp"
#include "shared/parts.hpp"
#include "shared/verbs.hpp"

namespace owhale::audit {
namespace {

std::span<const std::string_view> verb_names() {
    static const auto all = [] {
        std::vector<std::string_view> names;
        for (const auto& verb : verbs()) names.push_back(verb.name);
        return names;
    }();
    return all;
}

bool is_any(std::string_view part) {
    return !part.empty() && part.find_first_not_of('*') == part.npos;
}

std::string_view noun_of(std::string_view name) {
    return name.substr(0, name.find('.'));
}

const char* noun_of(Word word) {
    return word == Word::event ? "event is called" : word == Word::verb ? "verb is called" : "event has the outcome";
}

// Of the other table, where somebody took the one for the other.
std::string elsewhere(Word word, std::string_view part) {
    const std::string name(part);
    if (word == Word::event && is_known(Word::verb, part)) return "it is a verb: verb " + name + "; ";
    if (word == Word::verb && is_known(Word::event, part)) return "it is an event: event " + name + "; ";
    return {};
}

std::string all_of(Word word) {
    if (word != Word::outcome) return "man owhaled-audit-events lists the events, /openapi.json the verbs";
    std::string out("there are ");
    for (const auto name : kOutcomeNames) (out += out.ends_with("are ") ? "" : ", ") += name;
    return out;
}

} // namespace

std::span<const std::string_view> known_words(Word word) {
    if (word == Word::event) return kEventNames;
    if (word == Word::outcome) return kOutcomeNames;
    return verb_names();
}

// What stands between two stars is taken where it comes first: that leaves the most for what follows.
bool fits(std::string_view pattern, std::string_view text) {
    const auto star = pattern.find('*');
    if (star == pattern.npos) return pattern == text;
    if (!text.starts_with(pattern.substr(0, star))) return false;
    text.remove_prefix(star);
    pattern.remove_prefix(star + 1);
    for (auto next = pattern.find('*'); next != pattern.npos; next = pattern.find('*')) {
        const auto at = text.find(pattern.substr(0, next));
        if (at == text.npos) return false;
        text.remove_prefix(at + next);
        pattern.remove_prefix(next + 1);
    }
    return text.ends_with(pattern);
}

std::vector<std::string_view> parts_of(std::string_view list) {
    return owhale::parts_of(list, ',');
}

std::optional<std::vector<std::string_view>> chosen(Word word, std::string_view list) {
    std::vector<std::string_view> out;
    const auto add = [&out](std::string_view one) {
        if (std::ranges::find(out, one) == out.end()) out.push_back(one);
    };
    for (const auto part : parts_of(list)) {
        if (is_any(part)) return std::nullopt;
        if (part.find('*') == part.npos)
            add(part);
        else
            for (const auto one : known_words(word))
                if (fits(part, one)) add(one);
    }
    return out;
}

bool is_known(Word word, std::string_view part) {
    return std::ranges::any_of(known_words(word), [part](auto one) { return fits(part, one); });
}

// What is spelled like it, or else all of the same noun.
std::string perhaps(std::string_view part, std::span<const std::string_view> known) {
    constexpr std::size_t kFew = 3, kMany = 12;
    auto close = nearest_few(part, known, kFew);
    for (const auto one : known)
        if (close.size() < kMany && !part.empty() && noun_of(one) == noun_of(part) &&
            std::ranges::find(close, one) == close.end())
            close.push_back(one);
    std::string out;
    for (const auto one : close) (out += out.empty() ? "did you mean " : ", ") += one;
    return out.empty() ? out : out + "? ";
}

Status check_words(Word word, const char* parameter, std::string_view list) {
    if (list.empty()) return {};
    for (const auto part : parts_of(list)) {
        if (is_known(word, part)) continue;
        auto instead = elsewhere(word, part);
        if (instead.empty()) instead = perhaps(part, known_words(word));
        return fail(Code::invalid_value,
                    std::string(parameter) + ": no " + noun_of(word) + " '" + std::string(part) + "'",
                    instead + all_of(word) + "; several by comma, * stands for any text");
    }
    return {};
}

} // namespace owhale::audit
