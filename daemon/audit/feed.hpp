// The newest events for those who follow the log: read once, shared by all, in the order of their sequence.
//
// A follower asks for what came after the sequence that it has seen. What is not among the kept ones any more it finds in
// the log itself: nothing is lost by being slow. One instance, on the io thread.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "audit/log.hpp"

namespace owhale::audit {

struct Followed {
    std::uint64_t seq = 0;
    std::string event;         // its name
    std::string principal;     // who did it
    boost::json::object whole; // the event
    std::string json;          // the same as stored: one line
};

// Empty when it cannot be read.
std::shared_ptr<const Followed> followed(const Row& row);

class Feed {
public:
    using Events = std::vector<std::shared_ptr<const Followed>>;
    using Waker = std::function<void()>;
    static constexpr std::size_t kKept = 2048;           // events
    static constexpr std::size_t kKeptBytes = 16u << 20; // of them

    // Begins after the last event of the log; `log` outlives it, and it outlives the log's last append.
    static boost::asio::awaitable<Result<std::unique_ptr<Feed>>> open(Log& log);

    std::uint64_t last() const { return last_; } // 0: none yet
    // At most `most` of those after `seq`, oldest first; empty when there is none. `complete` turns false when some have
    // gone from here: they are in the log.
    Events after(std::uint64_t seq, std::size_t most, bool& complete) const;

    // owhaled is about to end: who follows stays until its last event is here, which end() says. Both call the wakers.
    void begin_end() { end_as(End::begun); }
    void end() { end_as(End::reached); }
    bool ending() const { return end_ != End::none; }
    bool ended() const { return end_ == End::reached; }

    // Calls `waker` after each commit, and at owhaled's end, until the handle is dropped.
    using Handle = std::shared_ptr<Waker>;
    Handle on_news(Waker waker);

private:
    enum class End { none, begun, reached };
    void take(std::vector<Row> rows);
    void end_as(End end);
    void wake() const;
    std::deque<std::shared_ptr<const Followed>> kept_;
    std::size_t bytes_ = 0;
    std::uint64_t last_ = 0;
    End end_ = End::none;
    std::vector<std::weak_ptr<Waker>> wakers_;
};

} // namespace owhale::audit
