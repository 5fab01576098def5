#include "mcp/for_model.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <sodium/utils.h>
#include <utility>

#include "base/utf8.hpp"

namespace owhale::mcp {
namespace {

struct Span {
    std::uint32_t first, last;
};
// Format characters (Unicode category Cf) that hide or reorder text, C1 controls, line and paragraph separators.
constexpr std::array kUnseen = {Span{0x80, 0x9f},     Span{0xad, 0xad},      Span{0x61c, 0x61c},   Span{0x180e, 0x180e},
                                Span{0x200b, 0x200f}, Span{0x2028, 0x202e},  Span{0x2060, 0x206f}, Span{0xfeff, 0xfeff},
                                Span{0xfff9, 0xfffb}, Span{0xe0000, 0xe0fff}};
constexpr char kEscape = '\x1b', kBell = '\x07';

// What owhaled's texts say in the words of its command line, and how a tool has it.
constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kToolWords = {{
    {"owhalectl runs ls", "list_runs"},
    {"owhalectl runs kill", "kill_run"},
    {"owhalectl runs logs", "get_output"},
    {"owhalectl runs attach", "get_output"},
    {"--allow-host ", "allow_hosts "},
    {"--net none", "net \"none\""},
    {"--net scoped", "net \"scoped\""},
    {"--net host", "net \"host\""},
    {"--profile ", "profile "},
    {"--workspace ", "workspace "},
    {"--timeout ", "timeout "},
}};

bool is_unseen(std::uint32_t point) {
    for (const auto& span : kUnseen)
        if (point >= span.first && point <= span.last) return true;
    return false;
}

std::uint32_t point_of(std::string_view character) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
    switch (character.size()) {
    case 2:
        return (byte(0) & 0x1fu) << 6 | (byte(1) & 0x3fu);
    case 3:
        return (byte(0) & 0x0fu) << 12 | (byte(1) & 0x3fu) << 6 | (byte(2) & 0x3fu);
    case 4:
        return (byte(0) & 0x07u) << 18 | (byte(1) & 0x3fu) << 12 | (byte(2) & 0x3fu) << 6 | (byte(3) & 0x3fu);
    default:
        return byte(0);
    }
}

std::string written_out(std::uint32_t point) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "\\u{%x}", point);
    return text.data();
}

// Length of the sequence that begins with the escape at the start of `text`.
std::size_t sequence(std::string_view text) {
    if (text.size() < 2) return 1;
    std::size_t at = 2;
    switch (text[1]) {
    case '[': // CSI: parameters, then one byte of 0x40 to 0x7e
        while (at < text.size() && text[at] >= 0x20 && text[at] <= 0x3f) ++at;
        return at < text.size() && text[at] >= 0x40 && text[at] <= 0x7e ? at + 1 : at;
    case ']': // OSC, DCS, SOS, PM, APC: up to BEL or ESC backslash, on this line
    case 'P':
    case 'X':
    case '^':
    case '_':
        for (; at < text.size() && text[at] != '\n'; ++at) {
            if (text[at] == kBell) return at + 1;
            if (text[at] == kEscape) return at + 1 < text.size() && text[at + 1] == '\\' ? at + 2 : at;
        }
        return at;
    default: // nF: intermediates, then a final byte; others are two bytes
        at = 1;
        while (at < text.size() && text[at] >= 0x20 && text[at] <= 0x2f) ++at;
        return at < text.size() && text[at] >= 0x30 && text[at] <= 0x7e ? at + 1 : at;
    }
}

} // namespace

std::string for_model(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const char c = text.front();
        auto size = utf8_character(text);
        if (c == kEscape) {
            size = sequence(text);
        } else if (c == '\r') {
            if (text.size() < 2 || text[1] != '\n') out += '\n';
        } else if (size == 0) {
            out += "\xef\xbf\xbd";
            size = 1;
        } else if (c == '\n' || c == '\t') {
            out += c;
        } else if (const auto point = point_of(text.substr(0, size));
                   point < 0x20 || point == 0x7f || is_unseen(point)) {
            out += written_out(point);
        } else {
            out += text.substr(0, size);
        }
        text.remove_prefix(size);
    }
    return out;
}

std::string in_tool_words(std::string text) {
    for (const auto& [from, to] : kToolWords)
        for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
            text.replace(at, from.size(), to);
    return text;
}

std::string_view without_cut_end(std::string_view text) {
    constexpr std::size_t kLongest = 4;
    for (std::size_t back = 1; back < kLongest && back <= text.size(); ++back) {
        const auto lead = static_cast<unsigned char>(text[text.size() - back]);
        if ((lead & 0xc0) == 0x80) continue; // inside of a character
        const std::size_t wants = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
        return wants > back ? text.substr(0, text.size() - back) : text;
    }
    return text;
}

std::string_view without_cut_start(std::string_view text) {
    std::size_t skip = 0;
    while (skip < 3 && skip < text.size() && (static_cast<unsigned char>(text[skip]) & 0xc0) == 0x80) ++skip;
    return text.substr(skip);
}

std::string base64(std::string_view bytes) {
    std::string out(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
    sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                      sodium_base64_VARIANT_ORIGINAL);
    out.pop_back(); // the NUL
    return out;
}

} // namespace owhale::mcp
