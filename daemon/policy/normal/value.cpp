// What is known of a value, and how it is shown to people.
#include "policy/normal/value.hpp"

namespace owhale::policy {

Known Value::known() const {
    const auto nul = text.find('\0');
    if (nul == std::string::npos) return Known::known;
    for (std::size_t at = 0; at < text.size(); at += 2)
        if (text[at] != '\0') return Known::partly;
    return Known::opaque;
}

std::string shown(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '\0') {
            out += text[at];
            continue;
        }
        const char kind = ++at < text.size() ? text[at] : '!';
        if (kind == '!')
            out += "…";
        else
            out += kind;
    }
    return out;
}

} // namespace owhale::policy
