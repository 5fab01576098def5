#include "audit/start_check.hpp"

#include <algorithm>
#include <array>

#include "audit/damaged.hpp"
#include "audit/event_json.hpp"
#include "audit/leaf.hpp"
#include "audit/moment.hpp"
#include "audit/run_bytes.hpp"
#include "audit/tiles.hpp"

namespace owhale::audit {
namespace {

constexpr std::uint64_t kNewest = 256; // events looked at one by one; at least a tile's

using Problem = std::optional<std::string>;

// The members of an event that its row repeats as words, in the order of kEvents.
constexpr std::array<const char*, 4> kWords = {"event", "principal", "verb", "outcome"};
constexpr int kFirstWord = 4, kRun = 8, kTime = 9;
constexpr const char* kEvents =
    "SELECT e.seq, e.hash, b.json, coalesce((SELECT max(through) FROM drops), 0),"
    " (SELECT text FROM words WHERE id = e.event), (SELECT text FROM words WHERE id = e.principal),"
    " (SELECT text FROM words WHERE id = e.verb), (SELECT text FROM words WHERE id = e.outcome), e.run, e.time"
    " FROM events e LEFT JOIN bodies b ON b.seq = e.seq WHERE e.seq > ? ORDER BY e.seq";

// Searches go by rows: one that says something else than its text hides an event. nullptr: all is the same.
const char* other_than_text(const store::Statement::Use& row) {
    const auto event = event_object(row.text(2));
    int column = kFirstWord;
    for (const auto* name : kWords)
        if (row.text(column++) != text_in(event, name)) return name;
    if (from_run_bytes(row.blob(kRun)) != text_in(event, "run")) return "run";
    const auto time = moment_of(std::string(text_in(event, "time")));
    return time && *time == row.integer(kTime) ? nullptr : "time";
}

// Events after `from`, one by one: none missing, each what its hash says and its row, each tile of them what its node says.
Result<Problem> first_bad(store::Database& database, std::uint64_t from) {
    auto events = TRY(database.prepare(kEvents));
    auto node = TRY(database.prepare("SELECT hash FROM nodes WHERE level = 1 AND idx = ?"));
    merkle::Frontier tile;
    auto row = events.with(from);
    for (auto seq = from + 1; TRY(row.next()); ++seq) {
        const auto is = std::to_string(seq);
        if (static_cast<std::uint64_t>(row.integer(0)) != seq) return "event " + is + " is missing";
        const auto hash = hash_in(row, 1);
        if (row.null(2) && static_cast<std::int64_t>(seq) > row.integer(3))
            return "the body of event " + is + " is missing";
        if (!row.null(2) && merkle::leaf_hash(row.text(2)) != hash) return "event " + is + " is not what its hash says";
        if (const auto* other = row.null(2) ? nullptr : other_than_text(row))
            return "the row of event " + is + " has another " + other + " than its text";
        if ((seq - 1) % 256 == 0) tile = {};
        if (tile.size() == (seq - 1) % 256) tile.add(hash); // whole tiles alone
        if (tile.size() != 256) continue;
        auto stored = node.with(seq / 256 - 1);
        if (!TRY(stored.next()) || hash_in(stored, 0) != tile.root())
            return "an event from " + std::to_string(seq - 255) + " to " + is +
                   " is not the one that the tree was made of";
    }
    return std::nullopt;
}

std::unexpected<Error> refuse(const std::string& what, const std::string& path) {
    return damaged_log("the audit log is damaged or was changed: " + what, path, back_or_anew(path));
}

Result<std::uint64_t> size_of(store::Database& database) {
    auto last = TRY(database.prepare("SELECT coalesce(max(seq), 0) FROM events"));
    auto row = last.with();
    CHECK(row.next());
    return static_cast<std::uint64_t>(row.integer(0));
}

// The tree of the log as it is now has that of the newest checkpoint as its beginning, or at least is not shorter.
Result<Problem> against(store::Database& database, const std::optional<Signed>& last, std::uint64_t size) {
    auto tiles = TRY(Tiles::open(database));
    const auto whole = merkle::Frontier::at(size, tiles.reader());
    if (!whole) return whole.error().message;
    if (!last) return std::nullopt;
    if (last->size > size)
        return "event " + std::to_string(size + 1) + " and all after it are missing; the last checkpoint was of " +
               std::to_string(last->size);
    const auto root = merkle::root_at(last->size, tiles.reader());
    if (!root) return root.error().message;
    if (*root != last->root)
        return "its events up to " + std::to_string(last->size) + " are not those that the last checkpoint was made of";
    return std::nullopt;
}

// The nodes above the newest tile are what their children say: what hides below them is verify's to find.
Result<Problem> check_nodes(store::Database& database, std::uint64_t size) {
    auto tiles = TRY(Tiles::open(database));
    const auto read = tiles.reader();
    for (unsigned level = 1; size >> (merkle::kTileHeight * level) != 0; ++level) {
        const auto index = (size >> (merkle::kTileHeight * level)) - 1;
        const auto below = read(level - 1, index << merkle::kTileHeight, 256);
        const auto own = read(level, index, 1);
        if (!below || !own) return (below ? own : below).error().message;
        merkle::Frontier node;
        for (const auto& hash : *below) node.add(hash);
        if (node.root() != own->front())
            return "a node of its tree over the events from " +
                   std::to_string((index << (merkle::kTileHeight * level)) + 1) + " on is not what they say";
    }
    return std::nullopt;
}

Result<Problem> find_problem(store::Database& database, const std::optional<Signed>& last) {
    const auto size = TRY(size_of(database));
    if (auto bad = TRY(first_bad(database, size - std::min(size, kNewest)))) return bad;
    if (auto bad = TRY(check_nodes(database, size))) return bad;
    return against(database, last, size);
}

} // namespace

Status check_at_start(store::Database& database, Checkpoints& checkpoints) {
    const auto last = TRY(checkpoints.newest());
    const auto problem = TRY(find_problem(database, last));
    if (!problem) return {};
    // Rare, so it may take its time: which event is the first that is not what it was.
    const auto first = TRY(first_bad(database, 0));
    return refuse(first.value_or(*problem), database.path());
}

} // namespace owhale::audit
