#include "audit/dropping.hpp"

#include <future>

#include "audit/stretch.hpp"
#include "audit/writer.hpp"
#include "base/clock.hpp"
#include "checks.hpp"
#include "folder.hpp"

using namespace owhale;

namespace {

constexpr std::int64_t kHour = 3'600'000'000, kToday = 20'000 * 24 * kHour;
constexpr std::int64_t kFar = std::numeric_limits<std::int64_t>::max();

audit::Leaf leaf_at(std::int64_t time, audit::EventName name, std::string outcome, std::string run, std::size_t size) {
    audit::Leaf leaf;
    leaf.event = {name, "unix:1000", "", std::move(outcome), std::move(run), {}};
    leaf.time = time;
    leaf.json = "{\"data\":{\"text\":\"" + std::string(size, 'x') + "\"}}";
    leaf.hash = audit::leaf_hash(leaf.json);
    return leaf;
}

struct Side {
    Side() : writer(std::move(*audit::Writer::open(folder.path(), store::Durability::process))) {
        database.emplace(std::move(*store::Database::open(folder.path() + "/audit.db", store::Durability::process)));
        first = count("events");
    }
    std::uint64_t put(std::int64_t time, audit::EventName name = "login", std::string outcome = "ok",
                      std::string run = "", std::size_t size = 10) {
        std::promise<std::uint64_t> seq;
        writer->put(leaf_at(time, name, std::move(outcome), std::move(run), size),
                    [&](Result<std::uint64_t> done) { seq.set_value(done.value_or(0)); });
        return seq.get_future().get();
    }
    // One an hour, the last of them so many hours before today.
    void put_hours(int events, int until = 0) {
        for (int i = events; i > 0; --i) put(kToday - (until + i) * kHour);
    }
    std::uint64_t count(const std::string& of) {
        auto statement = std::move(*database->prepare("SELECT count(*) FROM " + of));
        auto row = statement.with();
        REQUIRE(row.next().value_or(false));
        return static_cast<std::uint64_t>(row.integer(0));
    }
    audit::Drop droppable(std::int64_t hours, std::int64_t needed = kFar, std::uint64_t seen = 0) {
        return std::move(*audit::find_droppable(*database, {kToday, hours * kHour, needed, seen}));
    }

    test::Folder folder;
    std::unique_ptr<audit::Writer> writer;
    std::optional<store::Database> database;
    std::uint64_t first = 0; // events of the log's own at its beginning
};

} // namespace

TEST_CASE("the line is drawn to the event, within a group of 256 too") {
    Side side;
    side.put_hours(700);
    for (const int hours : {1000, 699, 600, 300, 44, 10, 2}) {
        const auto drop = side.droppable(hours);
        // Of those of 700, 699, … hours ago the ones that are older than so many.
        const auto expected = hours >= 700 ? 0u : side.first + static_cast<std::uint64_t>(700 - hours);
        CHECK_MESSAGE(drop.through == expected, hours);
        if (drop.through != 0) CHECK(drop.newest_us == kToday - (hours + 1) * kHour);
    }
}

TEST_CASE("bodies go in turns, in order, and only what is noted") {
    Side side;
    side.put_hours(300);
    CHECK(audit::drop_some(*side.database, 100).value_or(1) == 0);
    CHECK_FALSE(side.database->execute("DELETE FROM bodies WHERE seq = 1"));
    const auto drop = side.droppable(100);
    const auto told = side.put(kToday, "audit.dropped");
    REQUIRE(audit::note_drop(*side.database, drop.through, told));
    REQUIRE(audit::note_drop(*side.database, drop.through, told)); // twice is once
    CHECK(side.count("drops") == 1);
    const auto before = side.count("bodies");
    CHECK(audit::drop_some(*side.database, 50).value_or(0) == 50);
    CHECK(side.count("bodies") == before - 50);
    while (audit::drop_some(*side.database, 50).value_or(0) != 0) {}
    CHECK(side.count("bodies WHERE seq <= " + std::to_string(drop.through)) == 0);
    CHECK(side.count("bodies") == side.count("events") - drop.through);
    CHECK(side.droppable(100).through == 0);
    CHECK_FALSE(side.database->execute("DELETE FROM bodies WHERE seq = " + std::to_string(drop.through + 1)));
}

TEST_CASE("what retention itself tells goes with others' texts, and never alone") {
    Side side;
    side.put_hours(300, 300);
    const auto first = side.droppable(100, kFar, side.count("events"));
    auto told = side.put(kToday - 299 * kHour, "audit.dropped");
    REQUIRE(audit::note_drop(*side.database, first.through, told));
    for (int i = 298; i > 200; --i) { // one an hour, of which each tells of the one before
        told = side.put(kToday - i * kHour, "audit.dropped");
        if (const auto drop = side.droppable(100, kFar, told); drop.through != 0)
            REQUIRE(audit::note_drop(*side.database, drop.through, told));
    }
    CHECK(side.count("drops") <= 2); // the second for the last of the others' texts
    side.put(kToday - 150 * kHour);
    const auto last = side.put(kToday);
    CHECK(side.droppable(100, kFar, last).through == last - 1); // those of retention with it
}

TEST_CASE("a line that no later event tells is refused") {
    Side side;
    side.put_hours(50);
    CHECK_FALSE(audit::note_drop(*side.database, 20, 20));
    CHECK_FALSE(audit::note_drop(*side.database, 20, 9'999));
    CHECK(side.count("drops") == 0);
}

TEST_CASE("what people are asked about now holds the line back") {
    Side side;
    side.put_hours(300);
    const auto all = side.droppable(100).through;
    const auto held = side.droppable(100, kToday - 200 * kHour).through;
    CHECK(all == side.first + 200);
    CHECK(held == side.first + 100);
}

TEST_CASE("the newest word about secrets stays, and the beginning of a run that goes on") {
    Side side;
    const auto secret = side.put(kToday - 400 * kHour, "secret.set");
    const auto run = side.put(kToday - 399 * kHour, "run.intent", "pending", "01a21aa6-f4b0-7c19-860a-f6747fa10de5");
    const auto ended = side.put(kToday - 398 * kHour, "run.intent", "pending", "01a21aa6-f4b0-7c19-860a-f6747fa10de6");
    side.put(kToday - 397 * kHour, "run.outcome", "exited", "01a21aa6-f4b0-7c19-860a-f6747fa10de6");
    side.put_hours(300);
    REQUIRE(audit::note_drop(*side.database, side.droppable(100).through, side.put(kToday)));
    while (audit::drop_some(*side.database, 500).value_or(0) != 0) {}
    const auto has = [&](std::uint64_t seq) { return side.count("bodies WHERE seq = " + std::to_string(seq)) == 1; };
    CHECK(has(secret));
    CHECK(has(run));
    CHECK_FALSE(has(ended));
    side.put(kToday, "secret.set");
    side.put(kToday, "run.outcome", "exited", "01a21aa6-f4b0-7c19-860a-f6747fa10de5");
    CHECK(audit::drop_some(*side.database, 500).value_or(0) == 2);
    CHECK_FALSE(has(secret));
    CHECK_FALSE(has(run));
}

TEST_CASE("a stretch is bounded, tells how far it looked, and marks what has gone") {
    Side side;
    side.put_hours(20);
    const auto large = side.put(kToday, "login", "ok", "", 300'000);
    side.put(kToday, "login", "ok", "", 300'000);
    const auto all = side.count("events");
    auto stretch = audit::read_stretch(*side.database, {.after = 0, .through = all});
    REQUIRE(stretch);
    CHECK(stretch->through == large); // the one that fills it is its last
    CHECK(stretch->rows.size() == large);
    stretch = audit::read_stretch(*side.database, {.after = large, .through = all + 100});
    REQUIRE(stretch);
    CHECK(stretch->through == all);
    stretch = audit::read_stretch(*side.database, {.after = all, .through = all + 100});
    REQUIRE(stretch);
    CHECK(stretch->through == all);
    CHECK(stretch->rows.empty());
    const audit::Span by_time{side.first, large - 1, kToday - 10 * kHour, kToday - 5 * kHour};
    stretch = audit::read_stretch(*side.database, by_time);
    REQUIRE(stretch);
    CHECK(stretch->rows.size() == 5);
    CHECK(stretch->through == large - 1);
    REQUIRE(audit::note_drop(*side.database, side.first + 5, side.put(kToday)));
    REQUIRE(audit::drop_some(*side.database, 500));
    stretch = audit::read_stretch(*side.database, {.after = side.first, .through = large});
    REQUIRE(stretch);
    CHECK(stretch->rows[0].dropped);
    CHECK(stretch->rows[0].json.empty());
    CHECK(stretch->rows[0].hash.size() == 64);
    CHECK_FALSE(stretch->rows[5].dropped);
}

TEST_CASE("a log in which nothing happens drops what owhaled has seen lie for long enough") {
    Side side;
    side.put_hours(20, 1000); // then nothing
    const auto quiet = side.droppable(100);
    CHECK(quiet.through == 0);
    CHECK(quiet.last == side.first + 20);
    const auto seen = side.droppable(100, kFar, quiet.last);
    CHECK(seen.through == quiet.last - 1); // the newest stays
    CHECK(side.droppable(100, kFar, side.first + 7).through == side.first + 7);
    CHECK(side.droppable(2000, kFar, quiet.last).through == 0); // by the wall clock it is not old
}
