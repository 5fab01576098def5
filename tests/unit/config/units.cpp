#include "config/units.hpp"

#include "checks.hpp"

using namespace owhale;
using namespace owhale::config;
using namespace std::chrono_literals;

TEST_CASE("times are read with their unit") {
    CHECK_EQ(*parse_duration("90s"), 90s);
    CHECK_EQ(*parse_duration("5m"), 5min);
    CHECK_EQ(*parse_duration("1h"), 1h);
    CHECK_EQ(*parse_duration("7d"), 168h);
    CHECK_EQ(*parse_duration("250ms"), 250ms);
    CHECK_EQ(*parse_duration("0"), 0ms);
    CHECK_EQ(*parse_duration("0s"), 0ms);
}

TEST_CASE("what is not a time is refused") {
    for (const char* text : {"", "s", "5", "-1s", "+1s", "1.5h", "5 m", "5M", "1w", "99999999999999999999s", "367d",
                             "0x10s", "5m ", "18446744073709551615d"})
        CHECK_MESSAGE(parse_duration(text).error().code == Code::invalid_value, text);
}

TEST_CASE("sizes are binary") {
    CHECK_EQ(*parse_size("1000"), 1000);
    CHECK_EQ(*parse_size("512K"), 512u * 1024);
    CHECK_EQ(*parse_size("8M"), 8u << 20);
    CHECK_EQ(*parse_size("1G"), 1ull << 30);
    CHECK_EQ(*parse_size("0"), 0);
}

TEST_CASE("what is not a size is refused") {
    for (const char* text : {"", "M", "-1", "1.5M", "1m", "1MB", "1 M", "99999999999G", "18446744073709551616"})
        CHECK_MESSAGE(parse_size(text).error().code == Code::invalid_value, text);
}

TEST_CASE("what is written is read back") {
    for (const char* text : {"90s", "5m", "1h", "7d", "0", "1ms", "61s"})
        CHECK_EQ(format_duration(*parse_duration(text)), text);
    for (const char* text : {"1000", "512K", "8M", "3G", "0", "1025"}) CHECK_EQ(format_size(*parse_size(text)), text);
}
