// Times and sizes as people write them: 90s, 5m, 1h, 7d; 512K, 8M, 1G (binary).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/error.hpp"

namespace owhale::config {

// A whole number with ms, s, m, h or d; "0" alone needs no unit. At most 366 days. Fails with invalid_value.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);
// A whole number of bytes, or one with K, M, G or T (1024's powers). Fails with invalid_value.
Result<std::uint64_t> parse_size(std::string_view text);
// A whole number, digits only. Fails with invalid_value.
Result<std::uint64_t> parse_count(std::string_view text);

// The shortest exact form: "5m", "90s", "0"; "8M", "1000".
std::string format_duration(std::chrono::milliseconds value);
std::string format_size(std::uint64_t bytes);

} // namespace owhale::config
