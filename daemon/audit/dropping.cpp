#include "audit/dropping.hpp"

#include <algorithm>

#include "audit/stretch.hpp"
#include "base/clock.hpp"
#include "store/transaction.hpp"

namespace owhale::audit {
namespace {

constexpr std::uint64_t kGroup = 256; // events behind one point of time_points()

// Bodies up to ?1 that nothing needs any more.
constexpr const char* kGoing =
    " FROM bodies WHERE seq <= ?1 AND seq NOT IN (SELECT seq FROM open_runs) AND seq NOT IN"
    " (SELECT n.seq FROM newest n JOIN words w ON w.id = n.event WHERE w.text LIKE 'secret.%')";

Result<std::uint64_t> number(store::Database& database, const std::string& sql) {
    auto statement = TRY(database.prepare(sql));
    auto row = statement.with();
    CHECK(row.next());
    return static_cast<std::uint64_t>(row.integer(0));
}

// To the event: whole groups first, then the one that the line goes through.
Result<std::uint64_t> line_of(store::Database& database, std::uint64_t dropped, const Age& age) {
    const auto line = [&](std::span<const Point> points) {
        return old_enough(points, age.now_us, age.keep_us, age.seen);
    };
    auto points = TRY(time_points(database, dropped));
    const auto rough = line(points);
    const auto next = std::ranges::upper_bound(points, rough, {}, &Point::seq);
    if (next == points.end() || next->seq - rough <= 1) return rough;
    const auto fine = TRY(times_between(database, rough, std::min(next->seq, rough + kGroup)));
    points.erase(points.begin(), next + 1);
    points.insert(points.begin(), fine.begin(), fine.end());
    return std::max(rough, line(points));
}

Result<std::uint64_t> before_needed(store::Database& database, std::uint64_t dropped, std::uint64_t line,
                                    std::int64_t needed_us) {
    auto statement = TRY(database.prepare("SELECT min(seq) FROM events WHERE seq > ?1 AND seq <= ?2 AND time >= ?3"));
    auto row = statement.with(dropped, line, needed_us);
    CHECK(row.next());
    return row.null(0) ? line : static_cast<std::uint64_t>(row.integer(0)) - 1;
}

// What retention itself has told goes along with others' texts: each turn of its own would be told by one more event, and
// so on for ever where nothing else happens.
Result<bool> any_of_others(store::Database& database, std::uint64_t dropped, std::uint64_t line) {
    auto statement = TRY(database.prepare("SELECT EXISTS (SELECT 1 FROM events WHERE seq > ?1 AND seq <= ?2 AND event"
                                          " IS NOT (SELECT id FROM words WHERE text = 'audit.dropped'))"));
    auto row = statement.with(dropped, line);
    CHECK(row.next());
    return row.integer(0) != 0;
}

} // namespace

Result<Drop> find_droppable(store::Database& database, const Age& age) {
    const auto dropped = TRY(number(database, "SELECT coalesce(max(through), 0) FROM drops"));
    const auto last = TRY(number(database, "SELECT coalesce(max(seq), 0) FROM events"));
    auto line = TRY(line_of(database, dropped, age));
    if (line > dropped) line = TRY(before_needed(database, dropped, line, age.needed_us));
    if (line <= dropped || !TRY(any_of_others(database, dropped, line))) return Drop{.last = last};
    auto statement =
        TRY(database.prepare("SELECT count(*), min(time), max(time) FROM events WHERE seq > ?1 AND seq <= ?2"));
    auto row = statement.with(dropped, line);
    CHECK(row.next());
    return Drop{line, static_cast<std::uint64_t>(row.integer(0)), row.integer(1), row.integer(2), last};
}

Status note_drop(store::Database& database, std::uint64_t through, std::uint64_t told) {
    auto statement = TRY(database.prepare("INSERT INTO drops (through, time, seq) SELECT ?1, ?2, ?3"
                                          " WHERE ?1 > (SELECT coalesce(max(through), 0) FROM drops)"));
    return statement.with(through, wall_clock_us(), told).run();
}

Result<std::uint64_t> drop_some(store::Database& database, std::size_t most) {
    const auto through = TRY(number(database, "SELECT coalesce(max(through), 0) FROM drops"));
    if (through == 0) return 0;
    auto transaction = TRY(database.begin());
    auto statement = TRY(database.prepare(std::string("DELETE FROM bodies WHERE seq IN (SELECT seq") + kGoing +
                                          " ORDER BY seq LIMIT ?2)"));
    CHECK(statement.with(through, most).run());
    const auto gone = static_cast<std::uint64_t>(database.changes());
    CHECK(transaction.commit());
    return gone;
}

} // namespace owhale::audit
