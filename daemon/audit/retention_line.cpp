#include "audit/retention_line.hpp"

#include <algorithm>

namespace owhale::audit {
namespace {

constexpr std::int64_t kLookEvery = 60'000'000'000; // ns

} // namespace

std::uint64_t old_enough(std::span<const Point> points, std::int64_t now_us, std::int64_t keep_us, std::uint64_t seen) {
    if (points.empty() || keep_us <= 0) return 0;
    constexpr std::int64_t kFar = std::int64_t{1} << 60; // times come out of a file
    const auto largest_step = std::max<std::int64_t>(keep_us / 2, 1);
    const auto step = [&](std::int64_t from, std::int64_t to) {
        return std::clamp(std::clamp(to, -kFar, kFar) - std::clamp(from, -kFar, kFar), -largest_step, largest_step);
    };
    // From the newest back: the first that is old enough takes all before it along.
    std::int64_t age = step(points.back().time_us, now_us);
    for (std::size_t i = points.size() - 1; i-- > 0;) {
        age += step(points[i].time_us, points[i + 1].time_us);
        if ((age > keep_us || points[i].seq <= seen) && points[i].time_us < now_us - keep_us) return points[i].seq;
    }
    return 0;
}

void Seen::look(std::uint64_t last, std::int64_t now_ns) {
    if (looks_.size() < 2 || now_ns - looks_.back().at_ns >= kLookEvery) looks_.push_back({last, now_ns});
}

std::uint64_t Seen::before(std::int64_t now_ns, std::int64_t keep_ns) {
    const auto old = [&](const Look& look) { return now_ns - look.at_ns > keep_ns; };
    while (looks_.size() > 1 && old(looks_[1])) looks_.pop_front();
    return !looks_.empty() && old(looks_.front()) ? looks_.front().last : 0;
}

} // namespace owhale::audit
