// The audit log: one writer thread, one SQLite file (synchronous=FULL), group commit, a Merkle tree over all events
// (RFC 6962) with signed checkpoints. No update, no delete.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/json/array.hpp>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "audit/checkpoints.hpp"
#include "audit/dropping.hpp"
#include "audit/event.hpp"
#include "audit/left.hpp"
#include "audit/merkle/proofs.hpp"
#include "audit/reserve.hpp"

namespace owhale::audit {

struct Query {
    std::optional<std::uint64_t> after;  // sequence, exclusive
    std::optional<std::uint64_t> before; // sequence, exclusive
    std::string since, until;            // RFC 3339, inclusive / exclusive
    std::string principal, verb, outcome, run, grep, event;
    std::size_t limit = 100; // 1..1000
    bool newest_first = true;
    // Of who may see the events of `principal` alone: others' are not even looked among, lest the time that it takes tell.
    bool own_only = false;
};
struct StatsQuery; // these two in audit/index/stats.hpp
struct Stats;

struct Row {
    std::uint64_t seq = 0;
    std::string hash;     // hex SHA-256(0x00 || canonical JSON), the RFC 6962 leaf hash
    std::string json;     // canonical JSON of the event
    bool dropped = false; // its body went because of its age: `json` is empty, the hash stays
};

// A part of the log in the order of its sequence.
struct Span {
    std::uint64_t after = 0;   // sequence, exclusive
    std::uint64_t through = 0; // sequence, inclusive
    std::int64_t since_us = std::numeric_limits<std::int64_t>::min(),
                 until_us = std::numeric_limits<std::int64_t>::max();
};

struct Stretch {
    std::vector<Row> rows;   // those of the times that are asked for
    std::uint64_t through{}; // all up to here were looked at; Span::after when there was none
};

// A part of what a query finds, in its order.
struct Page {
    std::vector<Row> rows;
    // Nothing more is to be found. Otherwise the query goes on after `searched_to`, or before it when the newest come
    // first: the limit was reached, or the time that one page may take (rows may be empty then).
    bool complete = true;
    std::uint64_t searched_to = 0;
};

// How it stands with the log at this moment.
struct Standing {
    std::uint64_t indexed = 0;      // events in the index; 0 as well until it was opened
    std::optional<Signed> newest;   // checkpoint
    std::int64_t failing_since = 0; // microseconds: since when it cannot be written; 0: it can
    std::string why;                // it cannot
    Space space;                    // on its disk
};

class Log {
public:
    // Opens or makes DIR/audit.db and DIR/audit.key. Refuses what check_at_start() and Checkpoints::open() refuse. Runs
    // that a crash cut off are told by interrupted().
    static Result<std::unique_ptr<Log>> open(const std::string& dir);
    virtual ~Log() = default;
    // Returns the sequence once the event is on disk. Fails (audit_unavailable) when it cannot be, or when what is left of
    // the disk is not for it (reserve.hpp); the caller then must not act. Resumes on the caller's executor. Build the Event as a variable and move it in: GCC 12 destroys a
    // braced temporary in a co_await expression twice.
    virtual boost::asio::awaitable<Result<std::uint64_t>> append(Event event) = 0;
    // From now on an event says, as `device_name`, what this calls its principal, "" for all but devices: ids alone tell
    // nobody which one it was, and names change. Called by append(), where that is.
    using DeviceName = std::function<std::string(const std::string& principal)>;
    virtual void name_devices(DeviceName name) = 0;
    // Of events whose bodies have gone.
    virtual boost::asio::awaitable<Result<std::vector<Left>>> left_of(std::vector<std::uint64_t> seqs) = 0;
    // All that fits, from the log itself: for what the daemon asks, about few events or recent ones.
    virtual boost::asio::awaitable<Result<std::vector<Row>>> find(Query query) = 0;
    // What people ask: by the index, in a bounded time, everybody in turn; verb, outcome and event may be several by comma,
    // or have * in them. `asker` is whose turn it takes.
    virtual boost::asio::awaitable<Result<Page>> page(std::string asker, Query query) = 0;
    virtual boost::asio::awaitable<Result<Stats>> stats(std::string asker, StatsQuery query) = 0;
    // The log in its order from Span::after on, as much as fits in about 256 KiB: for who reads all of it. Waits for no index.
    virtual boost::asio::awaitable<Result<Stretch>> read_on(Span span) = 0;
    // From now on `committed` hears of all that is put on disk, in order, on this executor; rows without `hash`.
    // One follower.
    using Committed = std::function<void(std::vector<Row>)>;
    virtual void follow(boost::asio::any_io_executor executor, Committed committed) = 0;
    // The newest event of this name and outcome, and whether a run was ever about to begin: what a start asks. Neither
    // waits for an index.
    virtual boost::asio::awaitable<Result<std::optional<Row>>> newest(EventName event, std::string outcome) = 0;
    virtual boost::asio::awaitable<Result<bool>> has_intent(std::string run) = 0;

    // The key of its checkpoints; its name is the log's origin.
    virtual const merkle::NoteKey& key() const = 0;
    // A checkpoint of all that is on disk: a new one when there are newer events. Others are made every 1,024 events, ten
    // seconds after an event that none is of, and when the log is closed.
    virtual boost::asio::awaitable<Result<Signed>> checkpoint() = 0;
    // The newest one that there is, if it covers the event `seq`: who only reads makes no new ones. Otherwise as checkpoint().
    virtual boost::asio::awaitable<Result<Signed>> checkpoint_over(std::uint64_t seq) = 0;
    virtual Standing standing() = 0;
    // From now on `checkpointed` hears of each new one, on this executor. One listener.
    using Checkpointed = std::function<void(Signed)>;
    virtual void on_checkpoint(boost::asio::any_io_executor executor, Checkpointed checkpointed) = 0;
    // RFC 6962, 2.1.1 and 2.1.2, of the leaf `seq` - 1. Fail with invalid_value for what the log is too short for.
    virtual boost::asio::awaitable<Result<merkle::Proof>> inclusion(std::uint64_t seq, std::uint64_t size) = 0;
    virtual boost::asio::awaitable<Result<merkle::Proof>> consistency(std::uint64_t from, std::uint64_t to) = 0;
    // How many events there are, and the tree's root over the first of them: at the start, by who compares it with what
    // is kept elsewhere. Fails with invalid_value when there are not as many.
    virtual Result<std::uint64_t> size() = 0;
    virtual Result<merkle::Hash> root_at(std::uint64_t size) = 0;
    // Retention, in this order: what may go (dropping.hpp); that it goes, once the event `told` has said so; some bodies,
    // in a transaction between two batches of events: how many went.
    virtual boost::asio::awaitable<Result<Drop>> droppable(Age age) = 0;
    virtual boost::asio::awaitable<Status> note_drop(std::uint64_t through, std::uint64_t told) = 0;
    virtual boost::asio::awaitable<Result<std::uint64_t>> drop_some(std::size_t most) = 0;
    // Runs with an intent and no outcome, oldest first: what a crash interrupted.
    virtual Result<std::vector<std::string>> interrupted() = 0;
    // Whether append() would refuse such an event for want of space now: for who writes something else first.
    virtual Status has_room_for(const Event& event) = 0;
};

} // namespace owhale::audit
