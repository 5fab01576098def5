#include "audit/ledger.hpp"

#include <algorithm>

#include "audit/run_bytes.hpp"
#include "audit/tiles.hpp"

namespace owhale::audit {
namespace {

Entry entry_of(const Leaf& leaf) {
    const auto& event = leaf.event;
    return {leaf.time, event.event, event.principal, event.verb, event.outcome, event.run, leaf.json, leaf.hash};
}

} // namespace

void Ledger::Times::take(const Times& more) {
    first = std::min(first, more.first);
    last = std::max(last, more.last);
}

Result<std::unique_ptr<Ledger>> Ledger::open(store::Database& database) {
    Statements statements{
        TRY(database.prepare("INSERT INTO events (seq, time, event, principal, verb, outcome, run, hash)"
                             " VALUES (?, ?, ?, ?, ?, ?, ?, ?)")),
        TRY(database.prepare("INSERT INTO bodies (seq, json) VALUES (?, ?)")),
        TRY(database.prepare("INSERT INTO nodes (level, idx, hash, min_time, max_time) VALUES (?, ?, ?, ?, ?)")),
        TRY(database.prepare("INSERT INTO newest (event, outcome, seq) VALUES (?, ?, ?)"
                             " ON CONFLICT DO UPDATE SET seq = excluded.seq")),
        TRY(database.prepare("INSERT OR IGNORE INTO open_runs (run, seq) VALUES (?, ?)")),
        TRY(database.prepare("DELETE FROM open_runs WHERE run = ?"))};
    auto words = TRY(Words::open(database));
    auto edge = TRY(read_edge(database));
    return std::unique_ptr<Ledger>(new Ledger(database, std::move(statements), std::move(words), std::move(edge)));
}

Result<Ledger::Edge> Ledger::read_edge(store::Database& database) {
    Edge edge;
    auto last = TRY(database.prepare("SELECT coalesce(max(seq), 0) FROM events"));
    auto row = last.with();
    CHECK(row.next());
    const auto size = static_cast<std::uint64_t>(row.integer(0));
    auto tiles = TRY(Tiles::open(database));
    edge.tree = TRY(merkle::Frontier::at(size, tiles.reader()));
    auto events = TRY(database.prepare("SELECT min(time), max(time) FROM events WHERE seq > ?1"));
    auto nodes = TRY(database.prepare("SELECT min(min_time), max(max_time) FROM nodes WHERE idx >= ?1 AND level = ?2"));
    for (unsigned level = 1; level < kLevels; ++level) {
        // What the node that is under way at this level has of complete ones below.
        const auto begun = size >> (merkle::kTileHeight * level) << merkle::kTileHeight;
        auto times = level == 1 ? events.with(begun) : nodes.with(begun, level - 1);
        if (TRY(times.next()) && !times.null(0)) edge.times[level] = {times.integer(0), times.integer(1)};
    }
    return edge;
}

Result<std::uint64_t> Ledger::put(std::span<const Leaf* const> leaves) {
    CHECK(stage(leaves));
    const auto first = open_->before.tree.size() + 1;
    if (auto closed = close(); !closed) {
        go_back();
        return std::unexpected(std::move(closed).error());
    }
    return first;
}

Status Ledger::stage(std::span<const Leaf* const> leaves) {
    auto added = add_all(leaves);
    if (!added) go_back();
    return added;
}

Status Ledger::add_all(std::span<const Leaf* const> leaves) {
    if (!open_) open_.emplace(TRY(database_.begin()), edge_);
    for (const auto* leaf : leaves) CHECK(add(entry_of(*leaf)));
    return {};
}

Status Ledger::close() {
    CHECK(settle());
    CHECK(open_->transaction.commit());
    open_.reset();
    return {};
}

void Ledger::go_back() {
    if (open_) edge_ = open_->before;
    open_.reset();
    words_.forget();
    newest_.clear();
}

Result<std::uint64_t> Ledger::add(const Entry& entry) {
    const auto seq = size() + 1;
    CHECK(add_row(entry, seq));
    CHECK(statements_.body.with(seq, entry.json).run());
    CHECK(grow(entry));
    CHECK(note_run(entry, seq));
    return seq;
}

Status Ledger::add_row(const Entry& entry, std::uint64_t seq) {
    const auto event = TRY(words_.id_of(entry.event));
    const auto principal = TRY(words_.id_of(entry.principal));
    const auto verb = TRY(words_.id_of(entry.verb));
    const auto outcome = TRY(words_.id_of(entry.outcome));
    newest_[{event, outcome}] = seq;
    std::optional<std::span<const std::uint8_t>> run;
    const auto bytes = to_run_bytes(entry.run);
    if (bytes) run = *bytes;
    return statements_.event
        .with(seq, entry.time, event, principal, verb, outcome, run, std::span<const std::uint8_t>(entry.hash))
        .run();
}

Status Ledger::grow(const Entry& entry) {
    Status status;
    edge_.times[1].take({entry.time, entry.time});
    edge_.tree.add(entry.hash, [&](unsigned height, std::uint64_t index, const merkle::Hash& hash) {
        const auto level = height / merkle::kTileHeight;
        if (!status || height % merkle::kTileHeight != 0 || level >= kLevels) return;
        const auto times = std::exchange(edge_.times[level], {});
        if (level + 1 < kLevels) edge_.times[level + 1].take(times);
        status =
            statements_.node.with(level, index, std::span<const std::uint8_t>(hash), times.first, times.last).run();
    });
    return status;
}

Status Ledger::note_run(const Entry& entry, std::uint64_t seq) {
    if (entry.run.empty()) return {};
    if (entry.event == "run.intent") return statements_.opened.with(entry.run, seq).run();
    if (entry.event == "run.outcome") return statements_.closed.with(entry.run).run();
    return {};
}

Status Ledger::settle() {
    for (const auto& [key, seq] : newest_) CHECK(statements_.newest.with(key.first, key.second, seq).run());
    newest_.clear();
    return {};
}

} // namespace owhale::audit
