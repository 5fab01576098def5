#include "policy/toml_text.hpp"

#include <cstdio>

#include "policy/normal/value.hpp"

namespace owhale::policy {
namespace {

// Length of the well-formed UTF-8 character at the start; 0 none (RFC 3629).
std::size_t character(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto lead = byte(0);
    const std::size_t size = lead < 0x80                   ? 1
                             : lead >= 0xc2 && lead < 0xe0 ? 2
                             : (lead & 0xf0) == 0xe0       ? 3
                             : lead >= 0xf0 && lead < 0xf5 ? 4
                                                           : 0;
    if (size == 0 || size > text.size()) return 0;
    for (std::size_t i = 1; i < size; ++i)
        if ((byte(i) & 0xc0) != 0x80) return 0;
    const bool overlong = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xf0 && byte(1) < 0x90);
    const bool beyond = (lead == 0xed && byte(1) >= 0xa0) || (lead == 0xf4 && byte(1) >= 0x90);
    return overlong || beyond ? 0 : size;
}

} // namespace

bool is_utf8_text(std::string_view text) {
    while (!text.empty()) {
        const auto size = character(text);
        if (size == 0) return false;
        text.remove_prefix(size);
    }
    return true;
}

std::string toml_string(std::string_view text) {
    std::string out = "\"";
    for (std::size_t i = 0; i < text.size();) {
        const auto size = character(text.substr(i));
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
