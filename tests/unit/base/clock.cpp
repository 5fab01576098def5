#include "base/clock.hpp"

#include <doctest/doctest.h>

using namespace owhale;

TEST_CASE("times are RFC 3339 in UTC with microseconds") {
    CHECK_EQ(rfc3339(0), "1970-01-01T00:00:00.000000Z");
    CHECK_EQ(rfc3339(1'645'557'742'000'007), "2022-02-22T19:22:22.000007Z");
}

TEST_CASE("a frozen clock stands still and goes on") {
    freeze_wall_clock(5);
    CHECK_EQ(wall_clock_us(), 5);
    freeze_wall_clock(0);
    CHECK_GT(wall_clock_us(), 1'600'000'000'000'000);
    const auto before = monotonic_ns();
    CHECK_LE(before, monotonic_ns());
}
