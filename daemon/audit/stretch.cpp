#include "audit/stretch.hpp"

#include <algorithm>

namespace owhale::audit {
namespace {

constexpr std::size_t kBytes = 256u << 10;
constexpr std::uint64_t kLookedAt = 4096, kGroup = 256;

constexpr const char* kRows = "SELECT e.seq, lower(hex(e.hash)), b.json, e.time FROM events e"
                              " LEFT JOIN bodies b ON b.seq = e.seq WHERE e.seq > ?1 AND e.seq <= ?2 ORDER BY e.seq";

} // namespace

Result<Stretch> read_stretch(store::Database& database, const Span& span) {
    auto statement = TRY(database.prepare(kRows));
    Stretch out{{}, span.after};
    const auto through = std::min(span.through, span.after + kLookedAt);
    auto row = statement.with(span.after, through);
    for (std::size_t bytes = 0; bytes < kBytes && TRY(row.next());) {
        out.through = static_cast<std::uint64_t>(row.integer(0));
        const auto time = row.integer(3);
        if (time < span.since_us || time >= span.until_us) continue;
        out.rows.push_back({out.through, row.text(1), row.text(2), row.null(2)});
        bytes += out.rows.back().json.size() + 100;
    }
    return out;
}

Result<std::vector<Point>> time_points(store::Database& database, std::uint64_t after) {
    auto statement =
        TRY(database.prepare("SELECT idx, max_time FROM nodes WHERE level = 1 AND idx >= ?1 ORDER BY idx"));
    std::vector<Point> out;
    auto row = statement.with(after / kGroup);
    while (TRY(row.next())) out.push_back({(static_cast<std::uint64_t>(row.integer(0)) + 1) * kGroup, row.integer(1)});
    const auto rest =
        TRY(times_between(database, out.empty() ? after / kGroup * kGroup : out.back().seq, std::uint64_t{1} << 62));
    out.insert(out.end(), rest.begin(), rest.end());
    return out;
}

Result<std::vector<Point>> times_between(store::Database& database, std::uint64_t after, std::uint64_t through) {
    auto statement = TRY(database.prepare("SELECT seq, time FROM events WHERE seq > ?1 AND seq <= ?2 ORDER BY seq"));
    std::vector<Point> out;
    auto row = statement.with(after, through);
    while (TRY(row.next())) out.push_back({static_cast<std::uint64_t>(row.integer(0)), row.integer(1)});
    return out;
}

} // namespace owhale::audit
