#include <doctest/doctest.h>
#include <set>
#include <thread>
#include <vector>

#include "metrics/exposition.hpp"

using namespace owhale::metrics;

TEST_CASE("a family's name ends in its unit, and no two have one name") {
    std::set<std::string_view> names;
    for (const auto& family : families()) {
        CAPTURE(family.name);
        CHECK(names.insert(family.name).second);
        CHECK(!family.name.ends_with("_total"));
        CHECK(family.help.ends_with('.'));
        if (!family.unit.empty()) CHECK(family.name.ends_with("_" + std::string(family.unit)));
        if (family.kind == Kind::histogram) CHECK_EQ(family.unit, "seconds");
    }
}

TEST_CASE("times fall into the bucket whose bound they do not pass, and no time is lost") {
    Times times;
    times.add(std::chrono::microseconds(100));
    times.add(std::chrono::microseconds(101));
    times.add(std::chrono::hours(1));
    times.add(std::chrono::nanoseconds(-5));
    CHECK_EQ(times.in(0), 2);
    CHECK_EQ(times.in(1), 1);
    CHECK_EQ(times.in(Times::kBounds.size()), 1);
    CHECK_EQ(times.count(), 4);
    CHECK_EQ(times.sum_us(), 3'600'000'201);
}

TEST_CASE("what several threads count is the sum") {
    Counter counter;
    Times times;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int n = 0; n < 10'000; ++n) counter.add(), times.add(std::chrono::microseconds(n));
        });
    threads.clear();
    CHECK_EQ(counter.value(), 40'000);
    CHECK_EQ(times.count(), 40'000);
}

TEST_CASE("labels are escaped as the formats say") {
    Exposition out(Format::open_metrics);
    out.begin("owhaled_build");
    out.add({"a\"b\\c\nd", "\x1b[31m"}, 1);
    const auto text = out.finish();
    CHECK(text.find("owhaled_build_info{version=\"a\\\"b\\\\c\\nd\",mode=\"\x1b[31m\"} 1\n") != text.npos);
    CHECK(text.ends_with("# EOF\n"));
}

TEST_CASE("the two formats name a counter and an info as each knows them") {
    for (const auto format : {Format::open_metrics, Format::prometheus}) {
        Exposition out(format);
        out.begin("owhaled_runs_ended");
        out.add({"exited"}, 7);
        out.begin("owhaled_start_time_seconds");
        out.add_seconds({}, 1'500'001);
        const auto text = out.finish();
        const bool open = format == Format::open_metrics;
        CHECK(text.starts_with(open ? "# TYPE owhaled_runs_ended counter\n"
                                    : "# TYPE owhaled_runs_ended_total counter\n"));
        CHECK(text.find("owhaled_runs_ended_total{state=\"exited\"} 7\n") != text.npos);
        CHECK((text.find("# UNIT owhaled_start_time_seconds seconds\n") != text.npos) == open);
        CHECK(text.find("owhaled_start_time_seconds 1.500001\n") != text.npos);
    }
}

TEST_CASE("a histogram's buckets add up") {
    Times times;
    times.add(std::chrono::microseconds(50));
    times.add(std::chrono::minutes(2));
    Exposition out(Format::open_metrics);
    out.begin("owhaled_request_duration_seconds");
    out.add({"status"}, times);
    const auto text = out.finish();
    CHECK(text.find("_bucket{verb=\"status\",le=\"0.0001\"} 1\n") != text.npos);
    CHECK(text.find("_bucket{verb=\"status\",le=\"30.0\"} 1\n") != text.npos);
    CHECK(text.find("_bucket{verb=\"status\",le=\"+Inf\"} 2\n") != text.npos);
    CHECK(text.find("_count{verb=\"status\"} 2\n") != text.npos);
    CHECK(text.find("_sum{verb=\"status\"} 120.000050\n") != text.npos);
}

TEST_CASE("a client gets OpenMetrics when it likes that as much as anything else") {
    const auto open = Format::open_metrics, plain = Format::prometheus;
    CHECK_EQ(format_of(""), plain);
    CHECK_EQ(format_of("*/*"), plain);
    CHECK_EQ(format_of("text/plain"), plain);
    CHECK_EQ(format_of("application/openmetrics-text"), open);
    CHECK_EQ(format_of("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                       "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"),
             open);
    CHECK_EQ(format_of("text/plain, application/openmetrics-text;q=0.5"), plain);
    CHECK_EQ(format_of("application/openmetrics-text;q=0"), plain);
    CHECK_EQ(format_of(";;;,,, ;q=,application/openmetrics-text;q=x"), plain);
    CHECK_EQ(format_of("application/openmetrics-text;q=nan"), plain);
}
