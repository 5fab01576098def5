#include <cstdlib>
#include <ctime>

#include "cli/bars.hpp"
#include "cli/moments.hpp"

#include "checks.hpp"

using namespace owhale;
using namespace owhale::cli;

namespace {

constexpr std::time_t kNow = 1'795'755'600; // 2026-11-27T05:00:00Z, 06:00 in Berlin

std::string read(const char* text) {
    const auto time = moment(text, "--since", kNow);
    return time ? *time : "refused";
}

struct Zone {
    explicit Zone(const char* name) {
        ::setenv("TZ", name, 1);
        ::tzset();
    }
    ~Zone() {
        ::unsetenv("TZ");
        ::tzset();
    }
};

} // namespace

TEST_CASE("times are local, and RFC 3339 in UTC when they are sent") {
    const Zone berlin("CET-1CEST,M3.5.0,M10.5.0/3");
    const char* rows[][2] = {
        {"2h", "2026-11-27T03:00:00Z"},
        {"2h ago", "2026-11-27T03:00:00Z"},
        {"90s", "2026-11-27T04:58:30Z"},
        {"7d", "2026-11-20T05:00:00Z"},
        {"now", "2026-11-27T05:00:00Z"},
        {"today", "2026-11-26T23:00:00Z"},
        {"yesterday", "2026-11-25T23:00:00Z"},
        {"04:30", "2026-11-27T03:30:00Z"},
        {"04:30:09", "2026-11-27T03:30:09Z"},
        {"2026-11-20", "2026-11-19T23:00:00Z"},
        {"2026-07-20", "2026-07-19T22:00:00Z"},
        {"2026-11-20 09:00", "2026-11-20T08:00:00Z"},
        {"2026-11-20T09:00:30", "2026-11-20T08:00:30Z"},
        {"2026-03-29 02:30", "2026-03-29T01:30:00Z"}, // skipped by the clocks
        {"2024-02-29", "2024-02-28T23:00:00Z"},
        {"2026-11-20T09:00:00Z", "2026-11-20T09:00:00Z"},
        {"2026-11-20T09:00:00+01:00", "2026-11-20T09:00:00+01:00"},
    };
    for (const auto& [text, sent] : rows) {
        CAPTURE(text);
        CHECK(read(text) == sent);
    }
    for (const char* text : {"", "7", "2026", "2026-02-30", "2026-13-01", "25:00", "9 o'clock",
                             "2026-11-20 09:00 or so", "-1h", "h", "99999d", "2026-11-20  09:00:00.5"}) {
        CAPTURE(text);
        CHECK(read(text) == "refused");
    }
}

TEST_CASE("bars are as long as their share, and never nothing for something") {
    CHECK(bar(0, 10, 8, Ink::blocks).empty());
    CHECK(bar(10, 10, 3, Ink::blocks) == "███");
    CHECK(bar(5, 10, 3, Ink::blocks) == "█▌");
    CHECK(bar(1, 1'000'000'000'000, 10, Ink::blocks) == "▏");
    CHECK(bar(1, 1'000'000'000'000, 10, Ink::ascii) == "#");
    CHECK(bar(10, 10, 4, Ink::ascii) == "####");
    CHECK(bar(10, 10, 0, Ink::ascii).empty());
    CHECK(sparkline({0, 1, 4, 8}, Ink::blocks) == " ▁▄█");
    CHECK(sparkline({0, 1, 800}, Ink::ascii) == " .@");
    CHECK(sparkline({}, Ink::blocks).empty());
}
