// Sizes, durations and times as people write and read them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/error.hpp"

namespace owhale::cli {

// "512M": a whole number of bytes with an optional K, M, G or T (binary, either case). `what` names it in errors.
Result<std::uint64_t> parse_size(std::string_view text, std::string_view what);
// "90s", "5m", "2h", "1d", or plain seconds, in milliseconds; a fraction is fine ("1.5s"), 0 is none.
Result<std::uint64_t> parse_duration_ms(std::string_view text, std::string_view what);
// A whole number from `low` to `high`.
Result<std::uint64_t> parse_count(std::string_view text, std::string_view what, std::uint64_t low, std::uint64_t high);
// "1.5": above 0, at most 1024.
Result<double> parse_cpus(std::string_view text);

std::string format_size(std::uint64_t bytes);     // "1.5M"
std::string format_duration_us(std::uint64_t us); // "35us", "12.3ms", "1.25s", "3m05s"
// Seconds since the epoch of an RFC 3339 UTC time; -1 when it is none.
std::int64_t parse_time(std::string_view rfc3339);
// The time without what is below a second: "2026-11-26T11:46:53Z"; anything else as it is.
std::string in_seconds(const std::string& rfc3339);
std::string format_age(std::string_view rfc3339, std::int64_t now); // "5s", "3m", "2h", "4d"

} // namespace owhale::cli
