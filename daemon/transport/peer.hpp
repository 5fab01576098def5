// The socket of one client, with TLS over it or without: bytes in and out, each under a deadline, and the news that it
// has gone.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/fd.hpp"
#include "shared/error.hpp"
#include "transport/moved.hpp"
#include "transport/tls.hpp"

namespace owhale::transport {

namespace asio = boost::asio;

class Peer : public std::enable_shared_from_this<Peer> {
public:
    using Socket = asio::generic::stream_protocol::socket;

    // What watch() saw: half_closed when the peer sends no more, vanished when it hears no more either.
    struct Watch {
        std::function<void()> on_half_closed, on_vanished;
        std::size_t most = 0; // bytes that may be read ahead
        bool half_closed = false;
        bool stopped = false;
    };

    // The socket may be a Unix or a TCP one.
    static Result<std::shared_ptr<Peer>> make(const asio::any_io_executor& executor, Fd socket);

    // From now on all bytes go through this; false when the handshake did not come about in time.
    asio::awaitable<bool> secure(std::unique_ptr<TlsSession> tls, std::chrono::milliseconds patience);
    // What the client sends first, without taking it: its first byte, -1 when it sends none in time.
    asio::awaitable<int> first_byte(std::chrono::milliseconds patience);

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

    // One attempt each, without waiting: what a Beast stream is made of.
    Moved receive(std::span<char> into);
    Moved transmit(std::span<const asio::const_buffer> buffers);

    void cancel();
    // Says that nothing more is sent; what comes may still be read.
    void finish();
    // Both directions are over, for us and for the client; the descriptor stays until close().
    void sever();
    // Both directions, so that whoever holds another descriptor of this socket sees the end too.
    void close();

private:
    explicit Peer(Socket socket) : socket_(std::move(socket)), deadline_(socket_.get_executor()) {}
    Moved pull();
    asio::awaitable<bool> ready(Moved::How how);
    bool hung_up();
    void seen(const std::shared_ptr<Watch>& watch, bool readable);

    Socket socket_;
    asio::steady_timer deadline_;
    std::uint64_t armed_ = 0; // counts arm() and disarm(): an expiry that was overtaken means nothing
    bool late_ = false;
    std::unique_ptr<TlsSession> tls_;
    std::string input_;
};

} // namespace owhale::transport
