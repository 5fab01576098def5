#include "cli/units.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <limits>

namespace owhale::cli {
namespace {

std::unexpected<Error> wrong(std::string_view what, std::string_view text, std::string next) {
    return fail(Code::invalid_value, std::string(what) + ": '" + std::string(text) + "' is not understood",
                std::move(next));
}

// A number that is the whole of `text`.
template <typename T> bool whole_number(std::string_view text, T& value) {
    const auto end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, value);
    return error == std::errc{} && at == end && !text.empty();
}

std::string fixed(double value, int decimals) {
    std::array<char, 64> text{};
    const auto end =
        std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, decimals).ptr;
    return std::string(text.data(), end);
}

std::string two_digits(std::uint64_t value) {
    return (value < 10 ? "0" : "") + std::to_string(value);
}

int shift_of(char unit) {
    switch (unit | 0x20) {
    case 'k':
        return 10;
    case 'm':
        return 20;
    case 'g':
        return 30;
    case 't':
        return 40;
    default:
        return 0;
    }
}

double milliseconds_of(char unit) {
    switch (unit) {
    case 's':
        return 1e3;
    case 'm':
        return 60e3;
    case 'h':
        return 3600e3;
    case 'd':
        return 86400e3;
    default:
        return 0;
    }
}

} // namespace

Result<std::uint64_t> parse_size(std::string_view text, std::string_view what) {
    const auto advice = "write a size such as 512M or 2G (K, M, G are binary)";
    auto digits = text;
    const int shift = text.empty() ? 0 : shift_of(text.back());
    if (shift != 0) digits.remove_suffix(1);
    std::uint64_t value = 0;
    if (!whole_number(digits, value)) return wrong(what, text, advice);
    if (value > std::numeric_limits<std::uint64_t>::max() >> shift) return wrong(what, text, "it is too large");
    return value << shift;
}

Result<std::uint64_t> parse_duration_ms(std::string_view text, std::string_view what) {
    const auto advice = "write a time such as 90s, 5m, 2h or 1d; 0 is none";
    auto digits = text;
    double factor = 1e3;
    if (!text.empty() && milliseconds_of(text.back()) > 0) {
        factor = milliseconds_of(text.back());
        digits.remove_suffix(1);
    }
    if (digits.empty() || digits.find_first_not_of("0123456789.") != std::string_view::npos)
        return wrong(what, text, advice);
    double value = 0;
    if (!whole_number(digits, value)) return wrong(what, text, advice);
    const double ms = std::round(value * factor);
    if (ms > 3650 * 86400e3) return wrong(what, text, "ten years is the most");
    if (value > 0 && ms < 1) return 1;
    return static_cast<std::uint64_t>(ms);
}

Result<std::uint64_t> parse_count(std::string_view text, std::string_view what, std::uint64_t low, std::uint64_t high) {
    std::uint64_t value = 0;
    if (!whole_number(text, value) || value < low || value > high)
        return wrong(what, text, "write a whole number from " + std::to_string(low) + " to " + std::to_string(high));
    return value;
}

Result<double> parse_cpus(std::string_view text) {
    double value = 0;
    if (text.find_first_not_of("0123456789.") != std::string_view::npos || !whole_number(text, value) || value < 0.01 ||
        value > 1024)
        return wrong("--cpus", text, "write a number of processors from 0.01 to 1024");
    return value;
}

std::string format_size(std::uint64_t bytes) {
    static constexpr std::array kUnits = {"B", "K", "M", "G", "T"};
    double value = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (value >= 1024 && unit + 1 < kUnits.size()) {
        value /= 1024;
        ++unit;
    }
    const bool whole = unit == 0 || value >= 100 || value == std::floor(value);
    return fixed(value, whole ? 0 : 1) + kUnits[unit];
}

std::string format_duration_us(std::uint64_t us) {
    const double value = static_cast<double>(us);
    if (us < 1000) return fixed(value, 0) + "us";
    if (us < 1'000'000) return fixed(value / 1e3, 1) + "ms";
    if (us < 60'000'000) return fixed(value / 1e6, 2) + "s";
    const auto seconds = us / 1'000'000;
    if (seconds < 3600) return std::to_string(seconds / 60) + "m" + two_digits(seconds % 60) + "s";
    return std::to_string(seconds / 3600) + "h" + two_digits(seconds / 60 % 60) + "m";
}

std::int64_t parse_time(std::string_view rfc3339) {
    const std::string text(rfc3339);
    std::tm parts{};
    const int read = std::sscanf(text.c_str(), "%d-%d-%dT%d:%d:%d", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
                                 &parts.tm_hour, &parts.tm_min, &parts.tm_sec);
    if (read != 6) return -1;
    parts.tm_year -= 1900;
    parts.tm_mon -= 1;
    return ::timegm(&parts);
}

std::string in_seconds(const std::string& rfc3339) {
    const auto point = rfc3339.find('.');
    if (point == std::string::npos || parse_time(rfc3339) < 0) return rfc3339;
    return rfc3339.substr(0, point) +
           rfc3339.substr(std::min(rfc3339.find_first_not_of("0123456789", point + 1), rfc3339.size()));
}

std::string format_age(std::string_view rfc3339, std::int64_t now) {
    const auto then = parse_time(rfc3339);
    if (then < 0) return "-";
    const auto seconds = now > then ? now - then : 0;
    if (seconds < 60) return std::to_string(seconds) + "s";
    if (seconds < 3600) return std::to_string(seconds / 60) + "m";
    if (seconds < 86400) return std::to_string(seconds / 3600) + "h";
    return std::to_string(seconds / 86400) + "d";
}

} // namespace owhale::cli
