// The socket of one client: bytes in and out, each under a deadline, and the news that it has gone.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/fd.hpp"
#include "shared/error.hpp"

namespace owhale::transport {

namespace asio = boost::asio;

class Peer : public std::enable_shared_from_this<Peer> {
public:
    using Socket = asio::local::stream_protocol::socket;

    // What watch() saw: half_closed when the peer sends no more, vanished when it hears no more either.
    struct Watch {
        std::function<void()> on_half_closed, on_vanished;
        std::size_t most = 0; // bytes that may be read ahead
        bool half_closed = false;
        bool stopped = false;
    };

    static Result<std::shared_ptr<Peer>> make(const asio::any_io_executor& executor, Fd socket);

    Socket& socket() { return socket_; }
    // Read and not yet used.
    std::string& input() { return input_; }

    // Waits for bytes and appends them to input; false when the peer closed, the deadline passed or cancel() came.
    asio::awaitable<bool> fill();
    // False when they could not all be sent; `patience` bounds the time in which the peer takes nothing.
    asio::awaitable<bool> write(std::string_view bytes, std::chrono::milliseconds patience);

    // From now on fill() ends after `time`, until the next arm() or disarm().
    void arm(std::chrono::milliseconds time);
    void disarm();
    bool late() const { return late_; }

    // While someone else works for this peer: reads ahead and reports its going, until `stopped`.
    void watch(const std::shared_ptr<Watch>& watch);
    void unwatch(const std::shared_ptr<Watch>& watch);

    void cancel();
    // Both directions, so that whoever holds another descriptor of this socket sees the end too.
    void close();

private:
    enum class Read { some, nothing_yet, closed };

    explicit Peer(Socket socket) : socket_(std::move(socket)), deadline_(socket_.get_executor()) {}
    Read pull();
    bool hung_up();
    void seen(const std::shared_ptr<Watch>& watch, bool readable);

    Socket socket_;
    asio::steady_timer deadline_;
    std::uint64_t armed_ = 0; // counts arm() and disarm(): an expiry that was overtaken means nothing
    bool late_ = false;
    std::string input_;
};

} // namespace owhale::transport
