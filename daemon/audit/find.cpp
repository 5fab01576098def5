#include "audit/find.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include "audit/moment.hpp"
#include "audit/run_bytes.hpp"

namespace owhale::audit {
namespace {

constexpr std::size_t kMostRows = 1000;
constexpr std::string_view kRows =
    "SELECT e.seq, lower(hex(e.hash)), b.json FROM events e LEFT JOIN bodies b ON b.seq = e.seq";

std::string as_like(std::string_view text) {
    std::string pattern = "%";
    for (const char c : text) {
        if (c == '%' || c == '_' || c == '\\') pattern += '\\';
        pattern += c;
    }
    return pattern + "%";
}

std::optional<std::string> given(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

std::int64_t bound(std::optional<std::uint64_t> seq, std::int64_t otherwise) {
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    return seq ? static_cast<std::int64_t>(std::min(*seq, most)) : otherwise;
}

Row row_in(const store::Statement::Use& row) {
    return {static_cast<std::uint64_t>(row.integer(0)), row.text(1), row.text(2), row.null(2)};
}

// Only the conditions that are asked for, so that SQLite picks an index for them.
std::string sql_of(const Query& query) {
    const auto is_word = [](const char* column, const char* value) {
        return std::string(" AND ") + column + " = (SELECT id FROM words WHERE text = " + value + ")";
    };
    auto sql = std::string(kRows) + " WHERE e.seq > ?1 AND e.seq < ?2";
    if (!query.since.empty()) sql += " AND time >= ?3";
    if (!query.until.empty()) sql += " AND time < ?4";
    if (!query.principal.empty()) sql += is_word("principal", "?5");
    if (!query.verb.empty()) sql += is_word("verb", "?6");
    if (!query.outcome.empty()) sql += is_word("outcome", "?7");
    if (!query.run.empty()) sql += " AND run = ?8";
    if (!query.event.empty()) sql += is_word("event", "?9");
    if (!query.grep.empty()) sql += " AND json LIKE ?10 ESCAPE '\\'";
    return sql + (query.newest_first ? " ORDER BY e.seq DESC" : " ORDER BY e.seq") + " LIMIT ?11";
}

} // namespace

Result<std::vector<Row>> find_rows(store::Database& database, const Query& query) {
    const auto since = query.since.empty() ? 0 : TRY(moment_of(query.since, "since"));
    const auto until = query.until.empty() ? 0 : TRY(moment_of(query.until, "until"));
    const auto run = to_run_bytes(query.run);
    std::optional<std::span<const std::uint8_t>> run_bytes;
    if (run) run_bytes = *run;
    auto statement = TRY(database.prepare(sql_of(query)));
    auto row =
        statement.with(bound(query.after, 0), bound(query.before, std::numeric_limits<std::int64_t>::max()), since,
                       until, given(query.principal), given(query.verb), given(query.outcome), run_bytes,
                       given(query.event), as_like(query.grep), std::clamp<std::size_t>(query.limit, 1, kMostRows));
    std::vector<Row> rows;
    while (TRY(row.next())) rows.push_back(row_in(row));
    return rows;
}

Result<std::optional<Row>> newest_row(store::Database& database, std::string_view event, std::string_view outcome) {
    auto statement =
        TRY(database.prepare(std::string(kRows) + " JOIN newest n ON n.seq = e.seq AND n.event = e.event"
                                                  " AND n.outcome = e.outcome"
                                                  " WHERE n.event = (SELECT id FROM words WHERE text = ?1)"
                                                  " AND n.outcome = (SELECT id FROM words WHERE text = ?2)"));
    auto row = statement.with(event, outcome);
    if (!TRY(row.next())) return std::nullopt;
    return row_in(row);
}

Result<bool> has_intent(store::Database& database, std::string_view run) {
    auto statement = TRY(database.prepare("SELECT 1 FROM events WHERE event = 2 AND run = ?")); // 2: run.intent
    const auto bytes = to_run_bytes(run);
    if (!bytes) return false;
    auto row = statement.with(std::span<const std::uint8_t>(*bytes));
    return row.next();
}

Result<std::vector<std::string>> open_runs(store::Database& database) {
    auto statement = TRY(database.prepare("SELECT run FROM open_runs ORDER BY seq"));
    auto row = statement.with();
    std::vector<std::string> runs;
    while (TRY(row.next())) runs.push_back(row.text(0));
    return runs;
}

} // namespace owhale::audit
