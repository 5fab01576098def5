#include "audit/find.hpp"
#include "audit/moment.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>

#include "base/clock.hpp"
#include "checks.hpp"
#include "folder.hpp"

using namespace owhale;
using audit::Query;
namespace asio = boost::asio;

namespace {

constexpr std::int64_t kStart = 1'795'000'000'000'000; // 2026-11-18T11:06:40Z

// Six events, a second apart.
struct Filled {
    Filled() {
        asio::io_context io;
        auto opened = audit::Log::open(folder.path());
        REQUIRE(opened);
        std::int64_t now = kStart;
        for (const auto& [event, principal, verb, outcome, run, word] : std::vector<std::array<std::string, 6>>{
                 {"daemon.start", "system", "", "ok", "", "begin"},
                 {"run.intent", "unix:1", "runs.create", "pending", "r1", "make"},
                 {"run.outcome", "unix:1", "runs.create", "exited", "r1", "100%"},
                 {"run.intent", "unix:2", "runs.create", "pending", "r2", "a_b"},
                 {"run.signal", "unix:2", "runs.signal", "ok", "r2", "axb"},
                 {"run.outcome", "unix:2", "runs.create", "killed", "r2", "Make"}}) {
            freeze_wall_clock(now);
            asio::co_spawn(
                io,
                (*opened)->append({*audit::EventName::find(event), principal, verb, outcome, run, {{"word", word}}}),
                [](std::exception_ptr, Result<std::uint64_t> seq) { CHECK(seq); });
            io.run();
            io.restart();
            now += 1'000'000;
        }
        freeze_wall_clock(0);
    }

    std::vector<std::uint64_t> found(Query query) const {
        auto database = store::Database::open_to_read(folder / "audit.db");
        const auto rows = audit::find_rows(*database, query);
        REQUIRE(rows);
        std::vector<std::uint64_t> numbers;
        for (const auto& row : *rows) numbers.push_back(row.seq);
        return numbers;
    }

    test::Folder folder;
};

using Numbers = std::vector<std::uint64_t>;

} // namespace

TEST_CASE("each field narrows what is found") {
    const Filled log;
    Query query;
    CHECK_EQ(log.found(query), Numbers{6, 5, 4, 3, 2, 1});
    query.newest_first = false;
    const auto with = [&](auto set) {
        auto copy = query;
        set(copy);
        return log.found(copy);
    };
    CHECK_EQ(with([](Query& q) { q.principal = "unix:1"; }), Numbers{2, 3});
    CHECK_EQ(with([](Query& q) { q.verb = "runs.signal"; }), Numbers{5});
    CHECK_EQ(with([](Query& q) { q.outcome = "pending"; }), Numbers{2, 4});
    CHECK_EQ(with([](Query& q) { q.run = "r2"; }), Numbers{4, 5, 6});
    CHECK_EQ(with([](Query& q) { q.event = "run.outcome"; }), Numbers{3, 6});
    CHECK_EQ(with([](Query& q) { q.grep = "make"; }), Numbers{2, 6});
    CHECK_EQ(with([](Query& q) { q.after = 4; }), Numbers{5, 6});
    CHECK_EQ(with([](Query& q) { q.before = 3; }), Numbers{1, 2});
    CHECK_EQ(with([](Query& q) { q.limit = 2; }), Numbers{1, 2});
    CHECK_EQ(with([](Query& q) { q.since = rfc3339(kStart + 4'000'000); }), Numbers{5, 6});
    CHECK_EQ(with([](Query& q) { q.until = rfc3339(kStart + 1'000'000); }), Numbers{1});
    CHECK_EQ(with([](Query& q) { (q.principal = "unix:2", q.outcome = "killed"); }), Numbers{6});
    CHECK_EQ(with([](Query& q) { q.before = ~std::uint64_t{0}; }), Numbers{1, 2, 3, 4, 5, 6});
}

TEST_CASE("what is searched for is text, not a pattern") {
    const Filled log;
    Query query;
    query.grep = "a_b";
    CHECK_EQ(log.found(query), Numbers{4});
    query.grep = "100%";
    CHECK_EQ(log.found(query), Numbers{3});
    query.grep = "' OR 1=1 --";
    CHECK_EQ(log.found(query), Numbers{});
}

TEST_CASE("a stretch of time does not end before it begins") {
    CHECK(audit::check_order("", ""));
    CHECK(audit::check_order("2026-11-22", ""));
    CHECK(audit::check_order("2026-11-22", "2026-11-22T00:00:00Z"));
    CHECK(audit::check_order("2026-11-22T13:00:00+01:00", "2026-11-22T12:30:00Z"));
    const auto refused = audit::check_order("2026-11-22T12:30:00Z", "2026-11-22T13:00:00+01:00");
    REQUIRE(!refused);
    CHECK(refused.error().code == Code::invalid_value);
    CHECK_EQ(refused.error().message, "since, 2026-11-22T12:30:00Z, is after until, 2026-11-22T13:00:00+01:00");
    CHECK(audit::check_order("never", "2026-11-22").error().message.contains("never"));
}

TEST_CASE("times are read as people write them") {
    CHECK_EQ(rfc3339(*audit::moment_of("2026-11-22")), "2026-11-22T00:00:00.000000Z");
    CHECK_EQ(rfc3339(*audit::moment_of("2026-11-22T13:00:00Z")), "2026-11-22T13:00:00.000000Z");
    CHECK_EQ(rfc3339(*audit::moment_of("2026-11-22T13:00:00.25+01:00")), "2026-11-22T12:00:00.250000Z");
    CHECK_EQ(rfc3339(*audit::moment_of("2026-11-22T13:00:00.123456789Z")), "2026-11-22T13:00:00.123456Z");
    for (const char* text : {"", "yesterday", "2026-11-22T13:00:00", "2026-13-01", "2026-11-22T13:00:00.Z",
                             "2026-11-22T13:00:00+1:00", "2026-11-22 ", "2026-11-22T13:00:00Zx"})
        CHECK_MESSAGE(audit::moment_of(text).error().code == Code::invalid_value, text);
}
