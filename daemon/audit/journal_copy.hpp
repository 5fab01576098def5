// The copy of every event in the journal: in order, from where the last owhaled stopped. Nothing is lost when owhaled or
// journald is restarted; the events of the last second may come twice. One instance, on the io thread.
#pragma once

#include <algorithm>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <string>

#include "audit/feed.hpp"
#include "audit/journald.hpp"

namespace owhale::audit {

class JournalCopy {
public:
    struct Parts {
        boost::asio::any_io_executor executor;
        Log& log;
        Feed& feed;
        const Journald& journal;
        std::string position_file; // the last sequence that journald has got
    };
    explicit JournalCopy(Parts parts) : parts_(std::move(parts)), timer_(parts_.executor) {}

    // Begins at the log's end where there is no position, or one of another log. Fails when it cannot be kept.
    Status open();
    void start();
    void stop(); // keeps the position; what goes on ends with the next turn of the loop

    std::uint64_t position() const { return position_; }
    // How many events journald does not have yet.
    std::uint64_t behind() const { return std::max(parts_.feed.last(), position_) - position_; }
    int err() const { return err_; } // of the last one that could not be sent; 0: none waits

    // At most so many a second in the long run, under journald's own limit (RateLimitBurst, 10,000 in 30 s), above which it
    // drops.
    static constexpr std::int64_t kRate = 250, kBurst = 2000;

private:
    void store_position();
    boost::asio::awaitable<void> run();
    boost::asio::awaitable<Feed::Events> next();
    boost::asio::awaitable<void> deliver(const Followed& event);
    boost::asio::awaitable<void> sleep(std::int64_t nanoseconds);

    Parts parts_;
    boost::asio::steady_timer timer_;
    Feed::Handle news_;
    Fd file_;
    std::uint64_t position_ = 0;
    std::int64_t due_ns_ = 0, stored_ns_ = 0;
    int err_ = 0;
    bool told_ = false, ended_ = false;
};

} // namespace owhale::audit
