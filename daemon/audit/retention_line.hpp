// Up to which event bodies are old enough to go. Pure.
//
// Two clocks have to agree. By the wall clock an event is as old as its time says. By the log's own, it is as old as the
// time that passed between the events after it, where of one step, forward or back, at most half of the retention
// counts: a clock that jumps ten years ages nothing by more than that, so what is younger than half of the retention
// stays, and a jump that is taken back takes its ageing back. Where little happens that would age nothing: what owhaled
// itself has seen lying there for so long, by a clock that nobody sets, is old as well.
#pragma once

#include <cstdint>
#include <deque>
#include <span>

namespace owhale::audit {

struct Point {
    std::uint64_t seq = 0;    // of an event, or the last of a group
    std::int64_t time_us = 0; // its time; of a group the latest
};

// The last seq among `points` (by seq, the newest last) that is older than `keep_us` by both clocks, or 0; up to `seen` by
// the wall's alone. The newest point itself never goes.
std::uint64_t old_enough(std::span<const Point> points, std::int64_t now_us, std::int64_t keep_us,
                         std::uint64_t seen = 0);

// How far the log went at each look of this life of owhaled, by CLOCK_MONOTONIC.
class Seen {
public:
    // At `now_ns` the newest event is `last`.
    void look(std::uint64_t last, std::int64_t now_ns);
    // The last event that was there more than `keep_ns` ago; 0: none is known to have been. Forgets the looks before that.
    std::uint64_t before(std::int64_t now_ns, std::int64_t keep_ns);

private:
    struct Look {
        std::uint64_t last;
        std::int64_t at_ns;
    };
    std::deque<Look> looks_; // one each hour or less often
};

} // namespace owhale::audit
