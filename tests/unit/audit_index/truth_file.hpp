// An audit.db of chosen events for the tests of its index: the tables that it reads, filled by SQL.
#pragma once

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <map>
#include <string>
#include <vector>

#include "audit/event.hpp"
#include "audit/leaf.hpp"
#include "audit/run_bytes.hpp"
#include "checks.hpp"
#include "folder.hpp"
#include "store/database.hpp"
#include "store/transaction.hpp"

namespace owhale::test {

struct Happened {
    std::int64_t time = 0;
    std::string event, principal, verb, outcome, run, text;
};

inline std::string body_of(const Happened& one) {
    const boost::json::value whole{{"data", {{"text", one.text}}}, {"event", one.event},
                                   {"principal", one.principal},   {"verb", one.verb},
                                   {"outcome", one.outcome},       {"run", one.run}};
    return audit::canonical(whole).value();
}

class TruthFile {
public:
    TruthFile() : database_(store::Database::open(folder / "audit.db", store::Durability::process).value()) {
        run("CREATE TABLE words (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);"
            "CREATE TABLE events (seq INTEGER PRIMARY KEY, time INTEGER, event INTEGER, principal INTEGER, verb "
            "INTEGER,"
            " outcome INTEGER, run BLOB, hash BLOB);"
            "CREATE TABLE bodies (seq INTEGER PRIMARY KEY, json TEXT NOT NULL);"
            "CREATE TABLE drops (through INTEGER PRIMARY KEY, time INTEGER, seq INTEGER);"
            "CREATE TABLE nodes (level INTEGER, idx INTEGER, hash BLOB, min_time INTEGER, max_time INTEGER,"
            " PRIMARY KEY (level, idx)) WITHOUT ROWID;");
    }

    void add(const std::vector<Happened>& events) {
        auto transaction = database_.begin();
        for (const auto& one : events) add_one(one);
        REQUIRE(transaction->commit());
    }

    // Bodies go, as retention lets them.
    void drop(std::uint64_t through) {
        run("INSERT INTO drops (through, time, seq) VALUES (" + std::to_string(through) + ", 0, 1)");
        run("DELETE FROM bodies WHERE seq <= " + std::to_string(through));
    }

    const std::vector<Happened>& events() const { return events_; }
    const Folder folder;

private:
    void run(const std::string& sql) { REQUIRE(database_.execute(sql)); }

    std::uint64_t word(const std::string& text) {
        const auto [known, is_new] = words_.emplace(text, words_.size() + 1);
        if (is_new) {
            auto insert = database_.prepare("INSERT INTO words (id, text) VALUES (?, ?)");
            REQUIRE(insert->with(known->second, text).run());
        }
        return known->second;
    }

    void add_one(const Happened& one) {
        events_.push_back(one);
        const auto seq = events_.size();
        const auto json = body_of(one);
        const auto hash = audit::leaf_hash(json);
        const auto id = audit::to_run_bytes(one.run);
        auto event = database_.prepare("INSERT INTO events (seq, time, event, principal, verb, outcome, run, hash)"
                                       " VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
        const auto run = id ? std::optional(std::span<const std::uint8_t>(*id)) : std::nullopt;
        REQUIRE(event
                    ->with(seq, one.time, word(one.event), word(one.principal), word(one.verb), word(one.outcome), run,
                           std::span<const std::uint8_t>(hash))
                    .run());
        auto body = database_.prepare("INSERT INTO bodies (seq, json) VALUES (?, ?)");
        REQUIRE(body->with(seq, json).run());
        for (std::uint64_t level = 1, size = 256; seq % size == 0; ++level, size *= 256)
            add_node(level, seq / size - 1, size);
    }

    void add_node(std::uint64_t level, std::uint64_t index, std::uint64_t size) {
        auto insert = database_.prepare("INSERT INTO nodes (level, idx, hash, min_time, max_time)"
                                        " SELECT ?, ?, zeroblob(32), min(time), max(time) FROM events"
                                        " WHERE seq > ? AND seq <= ?");
        REQUIRE(insert->with(level, index, index * size, (index + 1) * size).run());
    }

    store::Database database_;
    std::vector<Happened> events_;
    std::map<std::string, std::uint64_t> words_;
};

} // namespace owhale::test
