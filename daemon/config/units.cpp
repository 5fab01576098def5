#include "config/units.hpp"

#include <array>
#include <charconv>
#include <limits>

namespace owhale::config {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};
constexpr std::array kTimes = {Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000}, Unit{"s", 1000},
                               Unit{"ms", 1}};
constexpr std::array kSizes = {Unit{"T", 1ull << 40}, Unit{"G", 1ull << 30}, Unit{"M", 1ull << 20},
                               Unit{"K", 1ull << 10}, Unit{"", 1}};
constexpr std::uint64_t kLongest = 366ull * 86'400'000;

std::unexpected<Error> refuse(std::string_view text, const char* what, const char* next) {
    return fail(Code::invalid_value, "\"" + std::string(text) + "\" is not " + what, next);
}

// The number at the front of `text`, which is cut off; false when there is none or it does not fit.
bool take_number(std::string_view& text, std::uint64_t& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{}) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

template <std::size_t N> const Unit* find_unit(const std::array<Unit, N>& units, std::string_view name) {
    for (const auto& unit : units)
        if (unit.name == name) return &unit;
    return nullptr;
}

template <std::size_t N> std::string format(const std::array<Unit, N>& units, std::uint64_t value) {
    for (const auto& unit : units)
        if (value != 0 && value % unit.factor == 0) return std::to_string(value / unit.factor) + std::string(unit.name);
    return "0";
}

} // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
    auto rest = text;
    std::uint64_t value = 0;
    const bool number = take_number(rest, value);
    if (number && rest.empty() && value == 0) return std::chrono::milliseconds{0};
    const auto* unit = number ? find_unit(kTimes, rest) : nullptr;
    if (unit == nullptr) return refuse(text, "a time", "write a whole number with s, m, h or d, as in 90s");
    if (value > kLongest / unit->factor) return refuse(text, "at most 366 days", "0 is no limit");
    return std::chrono::milliseconds{static_cast<std::int64_t>(value * unit->factor)};
}

Result<std::uint64_t> parse_size(std::string_view text) {
    auto rest = text;
    std::uint64_t value = 0;
    const auto* unit = take_number(rest, value) ? find_unit(kSizes, rest) : nullptr;
    if (unit == nullptr)
        return refuse(text, "a size", "write a whole number of bytes, or one with K, M or G, as in 512M");
    if (value > std::numeric_limits<std::int64_t>::max() / unit->factor)
        return refuse(text, "a size that fits", "use a smaller number");
    return value * unit->factor;
}

Result<std::uint64_t> parse_count(std::string_view text) {
    auto rest = text;
    std::uint64_t value = 0;
    if (!take_number(rest, value) || !rest.empty()) return refuse(text, "a whole number", "write digits only");
    return value;
}

std::string format_duration(std::chrono::milliseconds value) {
    return format(kTimes, static_cast<std::uint64_t>(value.count()));
}

std::string format_size(std::uint64_t bytes) {
    return format(kSizes, bytes);
}

} // namespace owhale::config
