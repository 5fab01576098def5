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

Effect effect_of(const LanguageRow& language, std::string_view call) {
    const CallRow* loose = nullptr;
    for (const auto& row : language_tables().calls.subspan(language.first, language.count)) {
        const auto star = row.name.find('*');
        if (star == std::string_view::npos ? row.name == call
                                           : (row.name[0] != '*' && match_glob(row.name, call) == Match::yes))
            return row.effect;
        // "*.name" fits where nothing says more.
        if (star == 0 && loose == nullptr && match_glob(row.name, call) == Match::yes) loose = &row;
    }
    return loose == nullptr ? Effect::none : loose->effect;
}

} // namespace owhale::policy::normal
