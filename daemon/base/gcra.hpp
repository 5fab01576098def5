// GCRA by virtual scheduling (ITU-T I.371, Annex A): a bucket is one number, the theoretical arrival time of the next.
#pragma once

#include <algorithm>
#include <cstdint>

namespace owhale {

struct Gcra {
    std::int64_t next_ns = 0; // the bucket once one more is taken
    std::int64_t over_ns = 0; // until one more is allowed; not above 0: now
};

// `burst` at once, then one every `interval_ns`; a bucket that is past is full. Monotonic nanoseconds.
inline Gcra gcra(std::int64_t bucket_ns, std::int64_t now_ns, std::int64_t interval_ns, std::int64_t burst) {
    const auto next = std::max(bucket_ns, now_ns) + interval_ns;
    return {next, next - now_ns - interval_ns * burst};
}

} // namespace owhale
