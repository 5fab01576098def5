#include "audit/retention_line.hpp"

#include <vector>

#include "checks.hpp"

using namespace owhale;
using audit::old_enough;
using audit::Point;

namespace {

constexpr std::int64_t kDay = 86'400'000'000, kToday = 20'000 * kDay;

// Event N+1 at this many days before today.
std::vector<Point> at_days_ago(const std::vector<double>& days) {
    std::vector<Point> out;
    for (const double ago : days)
        out.push_back({out.size() + 1, kToday - static_cast<std::int64_t>(ago * static_cast<double>(kDay))});
    return out;
}

// One event each six hours for so many days, up to a moment so many days ago.
std::vector<double> steady(double from, double to) {
    std::vector<double> out;
    for (double ago = from; ago >= to; ago -= 0.25) out.push_back(ago);
    return out;
}

} // namespace

TEST_CASE("what is older than the retention goes, to the event") {
    const auto points = at_days_ago(steady(60, 0));
    const auto line = old_enough(points, kToday, 30 * kDay);
    REQUIRE(line > 0);
    CHECK(points[line - 1].time_us < kToday - 30 * kDay);
    CHECK(points[line].time_us >= kToday - 30 * kDay);
}

TEST_CASE("nothing goes when nothing is old, when there is nothing, and when all is kept") {
    CHECK(old_enough(at_days_ago(steady(29, 0)), kToday, 30 * kDay) == 0);
    CHECK(old_enough({}, kToday, kDay) == 0);
    CHECK(old_enough(at_days_ago({900, 800, 0}), kToday, 0) == 0);
}

TEST_CASE("a clock that jumps ten years drops nothing that is younger than half of the retention") {
    auto points = at_days_ago(steady(60, 0));
    const auto later = kToday + 3650 * kDay;
    const auto line = old_enough(points, later, 30 * kDay);
    REQUIRE(line > 0); // those of more than 15 days before the jump
    CHECK(points[line].time_us >= kToday - 15 * kDay);
    // The same when the jump lies between two events, and owhaled has started again since.
    points.push_back({points.size() + 1, later});
    points.push_back({points.size() + 1, later + kDay / 24});
    CHECK(old_enough(points, later + kDay / 24, 30 * kDay) <= line + 1);
}

TEST_CASE("a jump that is taken back ages nothing") {
    auto points = at_days_ago(steady(20, 0));
    for (int i = 0; i < 10; ++i) {
        points.push_back({points.size() + 1, kToday + 3650 * kDay});
        points.push_back({points.size() + 1, kToday});
    }
    CHECK(old_enough(points, kToday, 30 * kDay) == 0);
}

TEST_CASE("events of a clock that went wrong long ago do not hold up what is old") {
    auto points = at_days_ago(steady(200, 100));
    points.push_back({points.size() + 1, kToday + 3650 * kDay});
    for (const auto& point : at_days_ago(steady(99, 0))) points.push_back({points.size() + 1, point.time_us});
    CHECK(old_enough(points, kToday, 30 * kDay) > 402);
}

TEST_CASE("a machine that was off for long drops what is old by both clocks only") {
    auto days = steady(400, 370); // then off for a year
    days.push_back(1);
    days.push_back(0);
    const auto points = at_days_ago(days);
    const auto line = old_enough(points, kToday, 30 * kDay);
    CHECK(line > 0);
    CHECK(points[line].time_us >= kToday - 390 * kDay);
}

TEST_CASE("what has been seen to lie there for long enough is old, whatever else happened") {
    audit::Seen seen;
    constexpr std::int64_t kHourNs = 3'600'000'000'000;
    const std::int64_t began = 5 * kHourNs; // CLOCK_MONOTONIC is at anything
    CHECK(seen.before(began, 0) == 0);
    for (int hour = 0; hour <= 200; ++hour) {
        const auto now = began + hour * kHourNs;
        // Ten events an hour: those that were there 100 hours ago.
        CHECK(seen.before(now, 100 * kHourNs) == (hour <= 100 ? 0u : 10u * static_cast<unsigned>(hour - 101)));
        seen.look(10u * static_cast<unsigned>(hour), now);
    }
    CHECK(seen.before(began + 5000 * kHourNs, 100 * kHourNs) == 2000);
}

TEST_CASE("a quiet log's events age by what is seen, and by the wall clock still") {
    const auto points = at_days_ago({60, 59, 58});
    CHECK(old_enough(points, kToday, 30 * kDay) == 0);
    CHECK(old_enough(points, kToday, 30 * kDay, 3) == 2);
    CHECK(old_enough(points, kToday, 30 * kDay, 1) == 1);
    CHECK(old_enough(points, kToday - 40 * kDay, 30 * kDay, 3) == 0);
}
