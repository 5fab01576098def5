// Decoders of RFC 4648, and of printf's escapes.
#include <array>

#include "policy/normal/folding.hpp"

namespace owhale::policy::normal {
namespace {

int hex(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int base64(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

int base32(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a';
    return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

template <typename Digit> std::optional<std::string> decode(std::string_view text, Digit digit, unsigned width) {
    std::string out;
    unsigned bits = 0, count = 0;
    for (const char c : text) {
        if (c == '\n' || c == '\r' || c == ' ' || c == '=') continue;
        const int value = digit(c);
        if (value < 0) return std::nullopt;
        bits = ((bits << width) | static_cast<unsigned>(value)) & 0xffffff;
        count += width;
        if (count < 8) continue;
        count -= 8;
        out += static_cast<char>((bits >> count) & 0xff);
    }
    return out;
}

void add_utf8(std::string& out, unsigned code) {
    if (code < 0x80)
        out += static_cast<char>(code);
    else if (code < 0x800) {
        out += static_cast<char>(0xc0 | (code >> 6));
        out += static_cast<char>(0x80 | (code & 0x3f));
    } else {
        out += static_cast<char>(0xe0 | ((code >> 12) & 0x0f));
        out += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
        out += static_cast<char>(0x80 | (code & 0x3f));
    }
}

unsigned number(std::string_view text, std::size_t& at, unsigned base, std::size_t most) {
    unsigned value = 0;
    for (std::size_t i = 0; i < most && at < text.size(); ++i, ++at) {
        const int digit = hex(text[at]);
        if (digit < 0 || static_cast<unsigned>(digit) >= base) break;
        value = value * base + static_cast<unsigned>(digit);
    }
    return value;
}

char simple(char c) {
    constexpr std::string_view kFrom = "abefnrtv\\\"'", kTo = "\a\b\033\f\n\r\t\v\\\"'";
    const auto at = kFrom.find(c);
    return at == std::string_view::npos ? '\0' : kTo[at];
}

} // namespace

std::optional<std::string> decode_base64(std::string_view text) {
    return decode(text, base64, 6);
}
std::optional<std::string> decode_base32(std::string_view text) {
    return decode(text, base32, 5);
}
std::optional<std::string> decode_hex(std::string_view text) {
    return decode(text, hex, 4);
}

std::string unescape(std::string_view text, bool echo) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] != '\\' || at + 1 >= text.size()) {
            out += text[at++];
            continue;
        }
        const char c = text[at + 1];
        at += 2;
        if (c == 'x')
            out += static_cast<char>(number(text, at, 16, 2));
        else if (c == 'u' || c == 'U')
            add_utf8(out, number(text, at, 16, c == 'u' ? 4 : 8));
        else if (c >= '0' && c <= '7') {
            if (!(echo && c == '0')) --at;
            out += static_cast<char>(number(text, at, 8, 3));
        } else if (const char plain = simple(c))
            out += plain;
        else
            out += '\\', out += c;
    }
    return out;
}

} // namespace owhale::policy::normal
