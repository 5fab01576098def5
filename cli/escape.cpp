#include "cli/escape.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "cli/marks_table.hpp"

namespace owhale::cli {
namespace {

struct Range {
    char32_t first, last;
};

// Unicode 15, general categories Cc and Cf, line and paragraph separators, and what shows as nothing (Default_Ignorable_Code_Point)
// but the variation selectors, which emoji are written with.
constexpr std::array kUnseen = {
    Range{0x00, 0x1f},       Range{0x7f, 0x9f},       Range{0xad, 0xad},        Range{0x34f, 0x34f},
    Range{0x600, 0x605},     Range{0x61c, 0x61c},     Range{0x6dd, 0x6dd},      Range{0x70f, 0x70f},
    Range{0x890, 0x891},     Range{0x8e2, 0x8e2},     Range{0x115f, 0x1160},    Range{0x17b4, 0x17b5},
    Range{0x180b, 0x180f},   Range{0x200b, 0x200f},   Range{0x2028, 0x202e},    Range{0x2060, 0x206f},
    Range{0x3164, 0x3164},   Range{0xfeff, 0xfeff},   Range{0xffa0, 0xffa0},    Range{0xfff0, 0xfffb},
    Range{0x110bd, 0x110bd}, Range{0x110cd, 0x110cd}, Range{0x13430, 0x1343f},  Range{0x1bca0, 0x1bca3},
    Range{0x1d173, 0x1d17a}, Range{0xe0000, 0xe0fff}, Range{0xf0000, 0x10ffff},
};
// What terminals give no column.
constexpr std::array kOverlaid = {
    Range{0x300, 0x36f},   Range{0x483, 0x489},   Range{0x591, 0x5bd},   Range{0x610, 0x61a},   Range{0x64b, 0x65f},
    Range{0x1ab0, 0x1aff}, Range{0x1dc0, 0x1dff}, Range{0x20d0, 0x20ff}, Range{0xfe00, 0xfe0f}, Range{0xfe20, 0xfe2f},
};
constexpr std::array kWide = {
    Range{0x1100, 0x115e},   Range{0x2e80, 0x303e},   Range{0x3041, 0x33ff}, Range{0x3400, 0x4dbf},
    Range{0x4e00, 0x9fff},   Range{0xa000, 0xa4cf},   Range{0xac00, 0xd7a3}, Range{0xf900, 0xfaff},
    Range{0xfe30, 0xfe6f},   Range{0xff00, 0xff60},   Range{0xffe0, 0xffe6}, Range{0x1f300, 0x1f64f},
    Range{0x1f900, 0x1f9ff}, Range{0x20000, 0x3fffd},
};

template <std::size_t N> bool within(const std::array<Range, N>& ranges, char32_t value) {
    for (const auto& range : ranges)
        if (value >= range.first && value <= range.last) return true;
    return false;
}

std::string hex(std::uint32_t value) {
    std::array<char, 8> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
    const std::string text(digits.data(), end);
    return text.size() < 2 ? "0" + text : text;
}

std::string escape(std::string_view text, bool keep_lines) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const auto [value, length] = decode(text);
        if (length == 0) {
            out += visible_byte(text[0]);
            text.remove_prefix(1);
            continue;
        }
        const bool kept = keep_lines && (value == '\n' || value == '\t');
        if (is_unseen(value) && !kept)
            out += visible(value);
        else
            out.append(text.substr(0, length));
        text.remove_prefix(length);
    }
    return out;
}

} // namespace

Character decode(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto lead = byte(0);
    if (lead < 0x80) return {lead, 1};
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 0;
    if (length == 0 || lead > 0xf4 || text.size() < length) return {0, 0};
    char32_t value = lead & (0xffU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return {0, 0};
        value = (value << 6) | (byte(i) & 0x3fU);
    }
    static constexpr std::array<char32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = value >= 0xd800 && value <= 0xdfff;
    if (value < kLeast[length] || value > 0x10ffff || surrogate) return {0, 0};
    return {value, length};
}

bool is_unseen(char32_t value) {
    return within(kUnseen, value);
}
bool is_combining(char32_t value) {
    const auto after = std::ranges::upper_bound(kMarks, value, {}, &Marks::first);
    return after != kMarks.begin() && value <= std::prev(after)->last;
}

std::size_t columns_of(char32_t value) {
    if (value < 0x300) return 1;
    if (within(kOverlaid, value)) return 0;
    return within(kWide, value) ? 2 : 1;
}

std::string visible(char32_t value) {
    switch (value) {
    case '\n':
        return "\\n";
    case '\t':
        return "\\t";
    case '\r':
        return "\\r";
    default:
        return value < 0x80 ? "\\x" + hex(value) : "\\u{" + hex(value) + "}";
    }
}

std::string visible_byte(char byte) {
    return "\\x" + hex(static_cast<unsigned char>(byte));
}

std::string escaped(std::string_view text) {
    return escape(text, false);
}
std::string escaped_lines(std::string_view text) {
    return escape(text, true);
}

std::size_t width(std::string_view text) {
    std::size_t total = 0;
    while (!text.empty()) {
        const auto [value, length] = decode(text);
        total += length == 0 ? 1 : columns_of(value);
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return total;
}

std::string clipped(std::string_view text, std::size_t columns) {
    if (width(text) <= columns) return std::string(text);
    if (columns == 0) return {};
    std::size_t used = 0, bytes = 0;
    while (bytes < text.size()) {
        const auto [value, length] = decode(text.substr(bytes));
        const auto more = length == 0 ? 1 : columns_of(value);
        if (used + more > columns - 1) break;
        used += more;
        bytes += length == 0 ? 1 : length;
    }
    return std::string(text.substr(0, bytes)) + "…";
}

std::string quoted(std::string_view word) {
    static constexpr std::string_view kBare =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
    if (!word.empty() && word.find_first_not_of(kBare) == std::string_view::npos) return std::string(word);
    std::string out = "'";
    for (const char c : word) {
        if (c == '\'')
            out += "'\\''";
        else
            out += c;
    }
    return out + "'";
}

std::string quoted_in_template(std::string_view word) {
    const bool place = word == "<word>" || word == "<path>" || word == "<number>";
    return place ? std::string(word) : quoted(word);
}

} // namespace owhale::cli
