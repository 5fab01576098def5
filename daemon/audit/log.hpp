// The audit log: one writer thread, one SQLite file (synchronous=FULL), group commit. No update, no delete.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/json/array.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "audit/event.hpp"

namespace owhale::audit {

struct Query {
    std::optional<std::uint64_t> after;  // sequence, exclusive
    std::optional<std::uint64_t> before; // sequence, exclusive
    std::string since, until;            // RFC 3339, inclusive / exclusive
    std::string principal, verb, outcome, run, grep, event;
    std::size_t limit = 100; // 1..1000
    bool newest_first = true;
};

struct Row {
    std::uint64_t seq = 0;
    std::string hash; // hex SHA-256(0x00 || canonical JSON), the RFC 6962 leaf hash
    std::string json; // canonical JSON of the event
};

// A part of what a query finds, in its order.
struct Page {
    std::vector<Row> rows;
    // Nothing more is to be found. Otherwise the query goes on after `searched_to`, or before it when the newest come
    // first: the limit was reached, or the time that one page may take (rows may be empty then).
    bool complete = true;
    std::uint64_t searched_to = 0;
};

class Log {
public:
    // Opens or makes DIR/audit.db. Runs that a crash cut off are told by interrupted().
    static Result<std::unique_ptr<Log>> open(const std::string& dir);
    virtual ~Log() = default;
    // Returns the sequence once the event is on disk. Fails (audit_unavailable) when it cannot be; the caller then
    // must not act. Resumes on the caller's executor. Build the Event as a variable and move it in: GCC 12 destroys a
    // braced temporary in a co_await expression twice.
    virtual boost::asio::awaitable<Result<std::uint64_t>> append(Event event) = 0;
    virtual boost::asio::awaitable<Result<std::vector<Row>>> find(Query query) = 0;
    // From now on `committed` hears of all that is put on disk, in order, on this executor; rows without `hash`.
    // One follower.
    using Committed = std::function<void(std::vector<Row>)>;
    virtual void follow(boost::asio::any_io_executor executor, Committed committed) = 0;
    // Runs with an intent and no outcome, oldest first: what a crash interrupted.
    virtual Result<std::vector<std::string>> interrupted() = 0;
};

} // namespace owhale::audit
