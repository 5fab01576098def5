// Microseconds from one look to the next.
#pragma once

#include <cstdint>
#include <utility>

#include "base/clock.hpp"

namespace owhale::sandbox {

class Stopwatch {
public:
    std::uint64_t lap() {
        const auto now = monotonic_ns();
        return static_cast<std::uint64_t>((now - std::exchange(last_, now)) / 1000);
    }

private:
    std::int64_t last_ = monotonic_ns();
};

} // namespace owhale::sandbox
