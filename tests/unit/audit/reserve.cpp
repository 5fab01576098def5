#include "audit/reserve.hpp"

#include "audit/event_name.hpp"
#include "checks.hpp"

using namespace owhale;
using audit::level_of;
using Level = audit::Space::Level;

namespace {

constexpr std::uint64_t kMiB = 1u << 20, kGiB = 1u << 30;

audit::Event event_of(audit::EventName name, std::string who) {
    return audit::Event{name, std::move(who), "", "ok", "", {}};
}

} // namespace

TEST_CASE("a disk is low below a tenth or 1 GiB, and its last fiftieth or 64 MiB are kept") {
    struct Row {
        std::uint64_t free, total;
        Level level;
    };
    for (const auto& [free, total, level] :
         {Row{100 * kGiB, 500 * kGiB, Level::enough}, Row{kGiB, 500 * kGiB, Level::enough},
          Row{kGiB - 1, 500 * kGiB, Level::low}, Row{64 * kMiB, 500 * kGiB, Level::low},
          Row{64 * kMiB - 1, 500 * kGiB, Level::reserved}, Row{100 * kMiB, 1000 * kMiB, Level::enough},
          Row{100 * kMiB - 1, 1000 * kMiB, Level::low}, Row{20 * kMiB - 1, 1000 * kMiB, Level::reserved},
          Row{0, 16 * kMiB, Level::reserved}, Row{0, 0, Level::enough}}) {
        CAPTURE(free);
        CAPTURE(total);
        CHECK(level_of(free, total) == level);
    }
}

TEST_CASE("what agents do stays out of what is kept; root's acts, people's, and ends do not") {
    for (const auto* who : {"unix:1000", "unix:00", "run:01900000-0000-7000-8000-000000000001"}) {
        CAPTURE(who);
        CHECK(audit::stays_out(event_of("run.denied", who)));
        CHECK(audit::stays_out(event_of("approval.requested", who)));
        CHECK(audit::stays_out(event_of("host.refused", who)));
        CHECK(!audit::stays_out(event_of("run.outcome", who)));
        CHECK(!audit::stays_out(event_of("run.kill", who)));
        CHECK(!audit::stays_out(event_of("freeze.set", who)));
    }
    CHECK(audit::stays_out(event_of("run.intent", "user:alice"))); // a token's, too
    CHECK(!audit::stays_out(event_of("approval.decided", "user:alice")));
    CHECK(!audit::stays_out(event_of("run.intent", "unix:0")));
    for (const audit::EventName name : {audit::EventName("daemon.stop"), audit::EventName("audit.dropped")})
        CHECK(!audit::stays_out(event_of(name, "system")));
}

TEST_CASE("a folder that is not there keeps nobody out") {
    audit::Reserve reserve("/nowhere/at/all");
    CHECK(reserve.look().total == 0);
    CHECK(reserve.admit(event_of("run.intent", "unix:1000")).has_value());
}
