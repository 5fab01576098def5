#include "audit/index/truth.hpp"

#include <algorithm>
#include <array>

namespace owhale::audit::index {
namespace {

constexpr std::uint64_t kHighest = 6; // level of nodes: 256^6 events
constexpr std::string_view kDevice = "device:";
constexpr std::size_t kIdLength = 36; // of a whole one

std::uint64_t size_of(std::uint64_t level) {
    return std::uint64_t{1} << (8 * level);
}

void add(std::vector<Span>& out, Span span) {
    if (span.first > span.last) return;
    if (!out.empty() && out.back().last + 1 >= span.first)
        out.back().last = std::max(out.back().last, span.last);
    else
        out.push_back(span);
}

} // namespace

Result<Truth> Truth::open(const std::string& path) {
    auto database = std::make_unique<store::Database>(TRY(store::Database::open_to_read(path)));
    CHECK(database->execute("PRAGMA cache_size=-8192"));
    return Truth(std::move(database));
}

Result<std::uint64_t> Truth::last() {
    auto* statement = TRY(statements_.use("SELECT coalesce(max(seq), 0) FROM events"));
    auto row = statement->with();
    CHECK(row.next());
    return static_cast<std::uint64_t>(row.integer(0));
}

Result<std::uint64_t> Truth::dropped() {
    auto* statement = TRY(statements_.use("SELECT coalesce(max(through), 0) FROM drops"));
    auto row = statement->with();
    CHECK(row.next());
    return static_cast<std::uint64_t>(row.integer(0));
}

Result<std::string> Truth::hash(std::uint64_t seq) {
    auto* statement = TRY(statements_.use("SELECT lower(hex(hash)) FROM events WHERE seq = ?"));
    auto row = statement->with(seq);
    return TRY(row.next()) ? row.text(0) : std::string();
}

Result<std::optional<std::string>> Truth::body(std::uint64_t seq) {
    auto* statement = TRY(statements_.use("SELECT json FROM bodies WHERE seq = ?"));
    auto row = statement->with(seq);
    return TRY(row.next()) ? std::optional<std::string>(row.text(0)) : std::nullopt;
}

Result<std::string> Truth::word(std::uint64_t number) {
    auto* statement = TRY(statements_.use("SELECT text FROM words WHERE id = ?"));
    auto row = statement->with(number);
    return TRY(row.next()) ? row.text(0) : std::string();
}

Result<std::vector<std::uint64_t>> Truth::number(const std::string& word) {
    auto* statement = TRY(statements_.use("SELECT id FROM words WHERE text = ?"));
    auto row = statement->with(word);
    std::vector<std::uint64_t> out;
    if (TRY(row.next())) out.push_back(static_cast<std::uint64_t>(row.integer(0)));
    return out;
}

Result<std::vector<std::uint64_t>> Truth::numbers(std::span<const std::string_view> words) {
    std::vector<std::uint64_t> out;
    for (const auto word : words) {
        const auto found = TRY(number(std::string(word)));
        out.insert(out.end(), found.begin(), found.end());
    }
    return out;
}

// All devices that ever acted are few: each was paired by somebody's password.
Result<std::vector<std::uint64_t>> Truth::principal(const std::string& name) {
    const auto part = name.starts_with(kDevice) ? name.substr(kDevice.size()) : std::string();
    if (part.empty() || part.size() >= kIdLength) return number(name);
    auto* statement = TRY(statements_.use("SELECT id, text FROM words WHERE text > 'device:' AND text < 'device;'"));
    auto row = statement->with();
    std::vector<std::uint64_t> out;
    while (TRY(row.next())) {
        const auto id = row.text(1).substr(kDevice.size());
        if (id.starts_with(part) || id.ends_with(part)) out.push_back(static_cast<std::uint64_t>(row.integer(0)));
    }
    if (out.size() == 1) return out;
    return fail(
        Code::invalid_value,
        (out.empty() ? "principal: the log has no event of a device" : "principal: the log has more than one device") +
            std::string(" whose id begins or ends with '") + part + "'",
        "`owhalectl devices ls` lists those that are paired, and events device.add each that was");
}

const char* Truth::sql_of(bool newest_first, bool bodies) {
    constexpr std::array<const char*, 4> kSql = {
        "SELECT seq, time, event, principal, verb, outcome, run FROM events WHERE seq BETWEEN ? AND ? ORDER BY seq",
        "SELECT seq, time, event, principal, verb, outcome, run FROM events WHERE seq BETWEEN ? AND ? ORDER BY seq "
        "DESC",
        "SELECT e.seq, time, event, principal, verb, outcome, run, json FROM events AS e LEFT JOIN bodies AS b"
        " ON b.seq = e.seq WHERE e.seq BETWEEN ? AND ? ORDER BY e.seq",
        "SELECT e.seq, time, event, principal, verb, outcome, run, json FROM events AS e LEFT JOIN bodies AS b"
        " ON b.seq = e.seq WHERE e.seq BETWEEN ? AND ? ORDER BY e.seq DESC"};
    return kSql[(bodies ? 2u : 0u) + (newest_first ? 1u : 0u)];
}

Status Truth::look_into(Block block, Times times, Span within, std::vector<Span>& out) {
    const auto [level, index] = block;
    const Span span{std::max(index * size_of(level) + 1, within.first),
                    std::min((index + 1) * size_of(level), within.last)};
    if (span.first > span.last) return {};
    if (level == 0) {
        add(out, span);
        return {};
    }
    std::int64_t least = 0, most = 0;
    {
        auto* statement = TRY(statements_.use("SELECT min_time, max_time FROM nodes WHERE level = ? AND idx = ?"));
        auto row = statement->with(level, index);
        const bool complete = TRY(row.next());
        least = complete ? row.integer(0) : std::numeric_limits<std::int64_t>::min();
        most = complete ? row.integer(1) : std::numeric_limits<std::int64_t>::max();
    }
    if (most < times.since || least >= times.until) return {};
    const bool inside = least >= times.since && most < times.until;
    if (inside || level == 1) {
        add(out, span);
        return {};
    }
    const auto below = size_of(level - 1);
    for (auto child = (span.first - 1) / below; child <= (span.last - 1) / below; ++child)
        CHECK(look_into({level - 1, child}, times, within, out));
    return {};
}

Result<std::vector<Span>> Truth::spans(Times times, Span within) {
    std::vector<Span> out;
    if (within.first > within.last) return out;
    if (times.all()) return std::vector<Span>{within};
    std::uint64_t level = 1;
    while (level < kHighest && size_of(level) < within.last) ++level;
    CHECK(look_into({level, 0}, times, within, out));
    return out;
}

} // namespace owhale::audit::index
