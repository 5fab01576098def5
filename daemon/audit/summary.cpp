#include "audit/summary.hpp"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>

namespace owhale::audit {
namespace {

namespace json = boost::json;

constexpr std::size_t kLongestValue = 200; // bytes

// Control characters, C0 and C1 alike, in a text that is UTF-8.
std::string on_one_line(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        const bool second = c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
        if (second) ++i;
        out += second || c < 0x20 || c == 0x7f ? ' ' : text[i];
    }
    return out;
}

std::string cut(std::string text) {
    if (text.size() <= kLongestValue) return text;
    auto end = kLongestValue;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    return text.substr(0, end) + "…";
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
