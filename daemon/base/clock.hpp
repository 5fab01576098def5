// The clocks, replaceable in tests.
#pragma once

#include <cstdint>
#include <string>

namespace owhale {

// Microseconds since the Unix epoch.
std::int64_t wall_clock_us();
// Nanoseconds of CLOCK_MONOTONIC.
std::int64_t monotonic_ns();
// RFC 3339, UTC, microseconds: 2026-11-22T13:00:00.000000Z
std::string rfc3339(std::int64_t wall_us);

// Tests: wall_clock_us answers this from now on; 0 takes it back.
void freeze_wall_clock(std::int64_t wall_us);

} // namespace owhale
