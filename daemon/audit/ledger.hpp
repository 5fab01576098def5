// The log's tables: puts events into them and their hashes into the tree.
//
// One instance, of the thread that writes. Knows the tree's right edge, so that each event costs a few rows and no reading.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include "audit/leaf.hpp"
#include "audit/merkle/tree.hpp"
#include "audit/words.hpp"
#include "store/database.hpp"
#include "store/transaction.hpp"

namespace owhale::audit {

// What a row is made of; views of what the caller keeps.
struct Entry {
    std::int64_t time; // microseconds
    std::string_view event, principal, verb, outcome, run, json;
    merkle::Hash hash; // of the JSON, as a leaf
};

class Ledger {
public:
    // `database` outlives it. Fails when the stored tree lacks something.
    static Result<std::unique_ptr<Ledger>> open(store::Database& database);

    // All of them in one transaction, with what was staged: on disk, or none is. Returns the first one's sequence.
    Result<std::uint64_t> put(std::span<const Leaf* const> leaves);
    // All that can be done before the disk is asked: they are there with the next put(), or lost with it, as all that was
    // staged is when this fails. The transaction stays open, and nobody else may use the database meanwhile.
    Status stage(std::span<const Leaf* const> leaves);
    // The same within a transaction of the caller's, one after another; settle() before its commit. After a failure this
    // ledger is not used again.
    Result<std::uint64_t> add(const Entry& entry);
    Status settle();

    // Of what was put, and staged.
    std::uint64_t size() const { return edge_.tree.size(); }
    merkle::Hash root() const { return edge_.tree.root(); }

private:
    static constexpr unsigned kLevels = 8;
    struct Times { // of events, microseconds
        std::int64_t first = INT64_MAX, last = INT64_MIN;
        void take(const Times& more);
    };
    struct Edge {
        merkle::Frontier tree;
        std::array<Times, kLevels> times; // of each level's node that is not complete yet
    };
    struct Statements {
        store::Statement event, body, node, newest, opened, closed;
    };
    Ledger(store::Database& database, Statements statements, Words words, Edge edge)
        : database_(database), statements_(std::move(statements)), words_(std::move(words)), edge_(std::move(edge)) {}
    static Result<Edge> read_edge(store::Database& database);
    struct Open { // a transaction, and what was before it
        store::Transaction transaction;
        Edge before;
    };
    Status add_all(std::span<const Leaf* const> leaves);
    Status close();
    void go_back();
    Status add_row(const Entry& entry, std::uint64_t seq);
    Status grow(const Entry& entry);
    Status note_run(const Entry& entry, std::uint64_t seq);

    store::Database& database_;
    Statements statements_;
    Words words_;
    Edge edge_;
    std::map<std::pair<std::int64_t, std::int64_t>, std::uint64_t> newest_; // by event and outcome, not yet settled
    std::optional<Open> open_;
};

} // namespace owhale::audit
