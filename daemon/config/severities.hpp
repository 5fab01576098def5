// Settings that say something per severity of a question: a word for all of them, or NAME=WORD for some.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "shared/error.hpp"

namespace owhale::config {

inline constexpr std::array<std::string_view, 5> kSeverities = {"none", "low", "medium", "high", "critical"};

// Its place in kSeverities; what is no severity counts as the highest.
std::size_t severity_rank(std::string_view name);

using Quorums = std::array<std::uint32_t, kSeverities.size()>;
using Expiries = std::array<std::chrono::milliseconds, kSeverities.size()>;

// `quorum`: "critical=2 high=2", or "2" for all; 1 to 16, and 1 where nothing is said. Fails with invalid_value.
Result<Quorums> parse_quorum(std::string_view text);
// `approval-expiry`: "10m", or "30m critical=2h"; 1 s to 7 d. What is not said is `otherwise`.
Result<Expiries> parse_expiry(std::string_view text, std::chrono::milliseconds otherwise);

} // namespace owhale::config
