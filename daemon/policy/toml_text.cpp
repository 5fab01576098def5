#include "policy/toml_text.hpp"

#include <cstdio>

#include "base/utf8.hpp"
#include "policy/normal/value.hpp"

namespace owhale::policy {
bool is_utf8_text(std::string_view text) {
    return first_not_utf8(text) == text.size();
}

std::string toml_string(std::string_view text) {
    std::string out = "\"";
    for (std::size_t i = 0; i < text.size();) {
        const auto size = utf8_character(text.substr(i));
        const auto byte = static_cast<unsigned char>(text[i]);
        if (size == 0) {
            out += '?';
        } else if (byte == '"' || byte == '\\') {
            out += {'\\', text[i]};
        } else if (byte == '\n') {
            out += "\\n";
        } else if (byte == '\t') {
            out += "\\t";
        } else if (byte < 0x20 || byte == 0x7f) {
            char escape[8];
            std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(byte));
            out += escape;
        } else {
            out += text.substr(i, size);
        }
        i += size == 0 ? 1 : size;
    }
    return out + "\"";
}

std::string toml_words(const std::vector<std::string>& words) {
    if (words.size() == 1) return toml_string(words.front());
    std::string out;
    for (const auto& word : words) out += (out.empty() ? "[" : ", ") + toml_string(word);
    return out.empty() ? "[]" : out + "]";
}

std::string as_pattern(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\0' && i + 1 < text.size())
            out += text[++i] == '!' ? "**" : std::string(1, text[i]);
        else
            out += std::string_view("*{}[").find(text[i]) != std::string_view::npos ? '?' : text[i];
    }
    return out;
}

} // namespace owhale::policy
