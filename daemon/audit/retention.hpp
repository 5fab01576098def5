// Lets the bodies of events go that are older than the setting says: at the start, and from time to time.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>

#include "audit/log.hpp"
#include "audit/retention_line.hpp"

namespace owhale::audit {

class Retention {
public:
    struct Parts {
        boost::asio::any_io_executor io;
        Log& log;                         // outlives it
        std::chrono::milliseconds keep{}; // 0: for ever
        // Since when (microseconds) events are needed whole, whatever their age: the oldest question that waits.
        std::function<std::int64_t()> needed;
    };
    explicit Retention(Parts parts) : parts_(std::move(parts)), timer_(parts_.io) {}

    // From now on, for as long as the loop runs. Also finishes what an earlier setting began.
    void start();

private:
    boost::asio::awaitable<void> work();
    boost::asio::awaitable<Status> look();
    boost::asio::awaitable<Status> tell_and_note(Drop drop);
    boost::asio::awaitable<Status> note_signed(std::uint64_t through, std::uint64_t told);
    boost::asio::awaitable<Status> drop_noted();

    Parts parts_;
    boost::asio::steady_timer timer_;
    Seen seen_;
};

} // namespace owhale::audit
