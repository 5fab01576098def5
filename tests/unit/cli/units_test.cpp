#include "cli/units.hpp"

#include "checks.hpp"

using namespace owhale;
using namespace owhale::cli;

TEST_CASE("times for people have whole seconds") {
    CHECK(in_seconds("2026-11-26T11:46:53.123456Z") == "2026-11-26T11:46:53Z");
    CHECK(in_seconds("2026-11-26T11:46:53Z") == "2026-11-26T11:46:53Z");
    CHECK(in_seconds("").empty());
    CHECK(in_seconds("0.5 s") == "0.5 s");
}

TEST_CASE("sizes are binary, whole and bounded") {
    CHECK(parse_size("0", "--memory") == 0);
    CHECK(parse_size("17", "--memory") == 17);
    CHECK(parse_size("512M", "--memory") == std::uint64_t{512} << 20);
    CHECK(parse_size("2g", "--memory") == std::uint64_t{2} << 30);
    CHECK(parse_size("1K", "--memory") == 1024);
    for (const char* text :
         {"", "M", "-1", "1.5G", "1X", "512MB", " 1", "1 ", "0x10", "99999999999999999999", "18446744073709551615K"}) {
        const auto size = parse_size(text, "--memory");
        REQUIRE_MESSAGE(!size, text);
        CHECK(size.error().code == Code::invalid_value);
        CHECK(size.error().message.starts_with("--memory: '"));
        CHECK(!size.error().next.empty());
    }
}

TEST_CASE("times take s, m, h, d or plain seconds") {
    CHECK(parse_duration_ms("0", "--timeout") == 0);
    CHECK(parse_duration_ms("90", "--timeout") == 90'000);
    CHECK(parse_duration_ms("90s", "--timeout") == 90'000);
    CHECK(parse_duration_ms("1.5s", "--timeout") == 1'500);
    CHECK(parse_duration_ms("5m", "--timeout") == 300'000);
    CHECK(parse_duration_ms("2h", "--timeout") == 7'200'000);
    CHECK(parse_duration_ms("1d", "--timeout") == 86'400'000);
    CHECK(parse_duration_ms("0.0001s", "--timeout") == 1); // not none
    for (const char* text : {"", "s", "-1s", "1w", "1e3", "inf", "nan", "1.2.3", "5 m", "99999d"})
        CHECK_MESSAGE(!parse_duration_ms(text, "--timeout"), text);
}

TEST_CASE("counts and processors keep to their range") {
    CHECK(parse_count("64", "--pids", 1, 100) == 64);
    CHECK(!parse_count("0", "--pids", 1, 100));
    CHECK(!parse_count("101", "--pids", 1, 100));
    CHECK(!parse_count("6x", "--pids", 1, 100));
    CHECK(parse_cpus("1.5") == doctest::Approx(1.5));
    CHECK(!parse_cpus("0"));
    CHECK(!parse_cpus("inf"));
    CHECK(!parse_cpus("2000"));
}

TEST_CASE("sizes, durations and ages as people read them") {
    CHECK(format_size(0) == "0B");
    CHECK(format_size(1536) == "1.5K");
    CHECK(format_size(std::uint64_t{512} << 20) == "512M");
    CHECK(format_duration_us(35) == "35us");
    CHECK(format_duration_us(12'345) == "12.3ms");
    CHECK(format_duration_us(1'250'000) == "1.25s");
    CHECK(format_duration_us(185'000'000) == "3m05s");
    CHECK(format_duration_us(7'260'000'000) == "2h01m");
    CHECK(parse_time("1970-01-02T00:00:01.000000Z") == 86'401);
    CHECK(parse_time("yesterday") == -1);
    CHECK(format_age("1970-01-01T00:00:00Z", 59) == "59s");
    CHECK(format_age("1970-01-01T00:00:00Z", 7'200) == "2h");
    CHECK(format_age("1970-01-01T01:00:00Z", 0) == "0s"); // a clock that is ahead
    CHECK(format_age("", 0) == "-");
}
