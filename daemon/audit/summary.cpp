#include "audit/summary.hpp"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <cstdint>
#include <cstdio>

#include "base/utf8.hpp"

namespace owhale::audit {
namespace {

namespace json = boost::json;

constexpr std::size_t kLongestValue = 200; // bytes

struct Range {
    std::uint32_t first, last;
};
// What hides text or changes its direction: Unicode 15's category Cf, line and paragraph separators, fillers.
constexpr std::array kUnseen = {
    Range{0xad, 0xad},       Range{0x34f, 0x34f},     Range{0x600, 0x605},      Range{0x61c, 0x61c},
    Range{0x6dd, 0x6dd},     Range{0x70f, 0x70f},     Range{0x115f, 0x1160},    Range{0x180e, 0x180e},
    Range{0x200b, 0x200f},   Range{0x2028, 0x202e},   Range{0x2060, 0x206f},    Range{0x3164, 0x3164},
    Range{0xfeff, 0xfeff},   Range{0xffa0, 0xffa0},   Range{0xfff9, 0xfffb},    Range{0x1bca0, 0x1bca3},
    Range{0x1d173, 0x1d17a}, Range{0xe0000, 0xe0fff}, Range{0xf0000, 0x10ffff},
};

std::uint32_t point_of(std::string_view character) {
    const auto lead = static_cast<unsigned char>(character[0]);
    if (character.size() == 1) return lead;
    std::uint32_t out = lead & (0xffU >> (character.size() + 1));
    for (const unsigned char c : character.substr(1)) out = out << 6 | (c & 0x3fU);
    return out;
}

// Control characters, C0 and C1 alike, are spaces; what hides text stands written out.
std::string shown(std::string_view character) {
    const auto point = point_of(character);
    if (point < 0x20 || (point >= 0x7f && point < 0xa0)) return " ";
    if (!std::ranges::any_of(kUnseen, [&](auto range) { return point >= range.first && point <= range.last; }))
        return std::string(character);
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "\\u{%x}", point);
    return text.data();
}

std::string on_one_line(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const auto size = utf8_character(text);
        out += size == 0 ? "\xef\xbf\xbd" : shown(text.substr(0, size)); // U+FFFD
        text.remove_prefix(std::max<std::size_t>(size, 1));
    }
    return out;
}

std::string cut(std::string text) {
    if (text.size() <= kLongestValue) return text;
    return text.substr(0, size_to_cut(text, kLongestValue)) + "…";
}

std::string value_of(const json::object& whole, std::string_view name) {
    const auto* data = whole.if_contains("data");
    const auto* value = data != nullptr && data->is_object() ? data->get_object().if_contains(name) : nullptr;
    if (value == nullptr) value = whole.if_contains(name);
    if (value == nullptr) return {};
    return cut(value->is_string() ? std::string(value->get_string()) : json::serialize(*value));
}

} // namespace

std::string summary_of(const EventType& type, const json::object& whole) {
    std::string out;
    for (auto rest = type.summary; !rest.empty();) {
        const auto open = std::min(rest.find('{'), rest.size());
        out += rest.substr(0, open);
        rest.remove_prefix(open);
        const auto close = rest.find('}');
        if (close == std::string_view::npos) break;
        out += value_of(whole, rest.substr(1, close - 1));
        rest.remove_prefix(close + 1);
    }
    return on_one_line(out);
}

Severity severity_of(const EventType& type, std::string_view outcome) {
    constexpr std::array<std::string_view, 4> kBad = {"failed", "denied", "refused", "error"};
    const bool bad = std::ranges::find(kBad, outcome) != kBad.end();
    if (!bad || type.severity <= Severity::warning) return type.severity;
    return static_cast<Severity>(static_cast<int>(type.severity) - 1);
}

} // namespace owhale::audit
