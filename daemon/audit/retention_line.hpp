// Up to which event bodies are old enough to go. Pure.
//
// Two clocks have to agree. By the wall clock an event is as old as its time says. By the log's own, it is as old as the
// time that passed between the events after it, where of one step, forward or back, at most half of the retention
// counts: a clock that jumps ten years ages nothing by more than that, so what is younger than half of the retention
// stays, and a jump that is taken back takes its ageing back.
#pragma once

#include <cstdint>
#include <span>

namespace owhale::audit {

struct Point {
    std::uint64_t seq = 0;    // of an event, or the last of a group
    std::int64_t time_us = 0; // its time; of a group the latest
};

// The last seq among `points` (by seq, the newest last) that is older than `keep_us` by both clocks, or 0.
// The newest point itself never goes.
std::uint64_t old_enough(std::span<const Point> points, std::int64_t now_us, std::int64_t keep_us);

} // namespace owhale::audit
