#include "base/clock.hpp"

#include <atomic>
#include <cstdio>
#include <ctime>

namespace owhale {
namespace {
std::atomic<std::int64_t> frozen{0};
}

std::int64_t wall_clock_us() {
    if (const auto fixed = frozen.load(); fixed != 0) return fixed;
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * 1'000'000 + now.tv_nsec / 1000;
}

std::int64_t monotonic_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

std::string rfc3339(std::int64_t wall_us) {
    const std::time_t seconds = wall_us / 1'000'000;
    std::tm utc{};
    ::gmtime_r(&seconds, &utc);
    char text[40];
    const auto length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    std::snprintf(text + length, sizeof text - length, ".%06dZ", static_cast<int>(wall_us % 1'000'000));
    return text;
}

void freeze_wall_clock(std::int64_t wall_us) {
    frozen = wall_us;
}

} // namespace owhale
