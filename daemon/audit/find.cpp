#include "audit/find.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <limits>
#include <optional>

#include "base/clock.hpp"

namespace owhale::audit {
namespace {

constexpr std::size_t kMostRows = 1000;

// Microseconds of ".123456" at the front of `text`, which is cut off; finer digits are dropped.
std::optional<std::int64_t> take_fraction(std::string_view& text) {
    if (!text.starts_with('.')) return 0;
    text.remove_prefix(1);
    std::int64_t value = 0, scale = 100'000;
    const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digits == 0) return {};
    for (std::size_t i = 0; i < digits; ++i, scale /= 10) value += (text[i] - '0') * scale;
    text.remove_prefix(digits);
    return value;
}

// Seconds east of UTC of "Z" or "+01:00", which has to be all of `text`.
std::optional<std::int64_t> zone(std::string_view text) {
    if (text == "Z" || text == "z") return 0;
    const bool shaped = text.size() == 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':';
    int hours = 0, minutes = 0;
    if (!shaped || std::from_chars(&text[1], &text[3], hours).ptr != &text[3] ||
        std::from_chars(&text[4], text.data() + 6, minutes).ptr != text.data() + 6 || hours > 23 || minutes > 59 ||
        hours < 0 || minutes < 0)
        return {};
    return (text[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
}

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

// Only the conditions that are asked for, so that SQLite picks an index for them.
std::string sql_of(const Query& query) {
    std::string sql = "SELECT seq, lower(hex(hash)), json FROM events WHERE seq > ?1 AND seq < ?2";
    if (!query.since.empty()) sql += " AND time >= ?3";
    if (!query.until.empty()) sql += " AND time < ?4";
    if (!query.principal.empty()) sql += " AND principal = ?5";
    if (!query.verb.empty()) sql += " AND verb = ?6";
    if (!query.outcome.empty()) sql += " AND outcome = ?7";
    if (!query.run.empty()) sql += " AND run = ?8 AND run <> ''";
    if (!query.event.empty()) sql += " AND event = ?9";
    if (!query.grep.empty()) sql += " AND json LIKE ?10 ESCAPE '\\'";
    return sql + (query.newest_first ? " ORDER BY seq DESC" : " ORDER BY seq") + " LIMIT ?11";
}

} // namespace

Result<std::string> stored_time(const std::string& text) {
    std::tm parts{};
    const bool date_only = text.size() == 10;
    const char* rest = ::strptime(text.c_str(), date_only ? "%Y-%m-%d" : "%Y-%m-%dT%H:%M:%S", &parts);
    if (rest != nullptr) {
        std::string_view tail = rest;
        const auto fraction = take_fraction(tail);
        const auto east = date_only && tail.empty() ? std::optional<std::int64_t>(0) : zone(tail);
        if (fraction && east) return rfc3339((::timegm(&parts) - *east) * 1'000'000 + *fraction);
    }
    return fail(Code::invalid_value, "\"" + text + "\" is not a time", "write it as 2026-01-31T12:00:00Z");
}

Result<std::vector<Row>> find_rows(store::Database& database, const Query& query) {
    const auto since = query.since.empty() ? "" : TRY(stored_time(query.since));
    const auto until = query.until.empty() ? "" : TRY(stored_time(query.until));
    auto statement = TRY(database.prepare(sql_of(query)));
    auto row = statement.with(bound(query.after, 0), bound(query.before, std::numeric_limits<std::int64_t>::max()),
                              given(since), given(until), given(query.principal), given(query.verb),
                              given(query.outcome), given(query.run), given(query.event), as_like(query.grep),
                              std::clamp<std::size_t>(query.limit, 1, kMostRows));
    std::vector<Row> rows;
    while (TRY(row.next())) rows.push_back({static_cast<std::uint64_t>(row.integer(0)), row.text(1), row.text(2)});
    return rows;
}

Result<std::vector<std::string>> open_runs(store::Database& database) {
    auto statement = TRY(database.prepare("SELECT run FROM open_runs ORDER BY seq"));
    auto row = statement.with();
    std::vector<std::string> runs;
    while (TRY(row.next())) runs.push_back(row.text(0));
    return runs;
}

} // namespace owhale::audit
