// Looks languages and their calls up.
#include "policy/normal/languages.hpp"

#include <string>

#include "policy/normal/value.hpp"

namespace owhale::policy::normal {

const LanguageRow* find_language(std::string_view name) {
    for (const auto& row : language_tables().languages)
        if (row.name == name) return &row;
    const std::string word = " " + std::string(name) + " ";
    for (const auto& row : language_tables().languages)
        if (row.names.find(word) != std::string_view::npos) return &row;
    return nullptr;
}

namespace {

// Most patterns have one star at an end: then it is a matter of the other end.
bool fits(std::string_view pattern, std::string_view call) {
    const auto star = pattern.find('*');
    if (star == std::string_view::npos) return pattern == call;
    const auto head = pattern.substr(0, star), tail = pattern.substr(star + 1);
    if (call.size() < head.size() + tail.size() || !call.starts_with(head)) return false;
    if (tail.find_first_of("*[{?") != std::string_view::npos) return match_glob(pattern, call) == Match::yes;
    const auto middle = call.substr(head.size(), call.size() - head.size() - tail.size());
    return call.ends_with(tail) && middle.find('/') == std::string_view::npos;
}

} // namespace

Effect effect_of(const LanguageRow& language, std::string_view call) {
    const CallRow* loose = nullptr;
    const auto tables = language_tables();
    for (const auto& row : tables.calls.subspan(language.first, language.count)) {
        const auto name = tables.names.substr(row.at, row.size);
        const bool starts = name.starts_with('*'); // "*.name" fits where nothing says more
        if (starts && loose != nullptr) continue;
        if (!fits(name, call)) continue;
        if (!starts) return row.effect;
        loose = &row;
    }
    return loose == nullptr ? Effect::none : loose->effect;
}

} // namespace owhale::policy::normal
