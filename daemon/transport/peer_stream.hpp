// A peer as the stream that Beast reads from and writes to.
#pragma once

#include <array>
#include <boost/asio/compose.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/websocket/teardown.hpp>
#include <memory>

#include "transport/peer.hpp"

namespace owhale::transport {

class PeerStream {
public:
    using executor_type = asio::any_io_executor;
    explicit PeerStream(std::shared_ptr<Peer> peer) : peer_(std::move(peer)) {}

    executor_type get_executor() { return peer_->socket().get_executor(); }
    Peer& peer() { return *peer_; }

    template <typename Buffers, typename Token> auto async_read_some(const Buffers& buffers, Token&& token) {
        const auto first = *asio::buffer_sequence_begin(buffers);
        return asio::async_compose<Token, void(boost::system::error_code, std::size_t)>(
            Attempt(
                [peer = peer_.get(), into = asio::mutable_buffer(first)] {
                    return peer->receive({static_cast<char*>(into.data()), into.size()});
                },
                peer_),
            token, get_executor());
    }

    template <typename Buffers, typename Token> auto async_write_some(const Buffers& buffers, Token&& token) {
        std::array<asio::const_buffer, 16> parts;
        std::size_t count = 0;
        for (const auto part : boost::beast::buffers_range_ref(buffers))
            if (count < parts.size() && part.size() > 0) parts[count++] = part;
        return asio::async_compose<Token, void(boost::system::error_code, std::size_t)>(
            Attempt([peer = peer_.get(), parts, count] { return peer->transmit({parts.data(), count}); }, peer_), token,
            get_executor());
    }

private:
    // Tries, waits for the socket as long as it has to, and completes; never within the call that began it.
    template <typename Move> struct Attempt {
        Attempt(Move m, std::shared_ptr<Peer> p) : move(std::move(m)), peer(std::move(p)) {}

        template <typename Self> void operator()(Self& self, boost::system::error_code ec = {}) {
            if (posted) return self.complete(result, moved.bytes);
            if (ec) return self.complete(ec, 0);
            moved = move();
            if (moved.how == Moved::How::wait_read || moved.how == Moved::How::wait_write) {
                waited = true;
                const auto kind =
                    moved.how == Moved::How::wait_read ? Peer::Socket::wait_read : Peer::Socket::wait_write;
                auto& socket = peer->socket(); // `self` goes with what it waits for
                return socket.async_wait(kind, std::move(self));
            }
            result = moved.how == Moved::How::some ? boost::system::error_code{} : asio::error::eof;
            if (waited) return self.complete(result, moved.bytes);
            posted = true;
            auto& socket = peer->socket();
            asio::post(socket.get_executor(), std::move(self));
        }

        Move move;
        std::shared_ptr<Peer> peer;
        Moved moved;
        boost::system::error_code result;
        bool waited = false, posted = false;
    };

    std::shared_ptr<Peer> peer_;
};

// Throws away what still comes, until the peer has ended its side too.
struct Drain {
    template <typename Self> void operator()(Self& self, boost::system::error_code ec = {}) {
        std::array<char, 4096> scratch;
        auto got = Moved{Moved::How::wait_read, 0};
        while (begun && !ec && (got = peer->receive(scratch)).how == Moved::How::some) {}
        begun = true;
        if (ec || got.how == Moved::How::closed) return self.complete({});
        auto& socket = peer->socket();
        socket.async_wait(Peer::Socket::wait_read, std::move(self));
    }
    std::shared_ptr<Peer> peer;
    bool begun = false;
};

// How Beast ends a stream when the close handshake is over (RFC 6455 section 7.1.1). Closing with unread bytes would
// destroy what the peer has not read yet.
template <typename Handler> void async_teardown(boost::beast::role_type, PeerStream& stream, Handler&& handler) {
    stream.peer().arm(std::chrono::seconds(2)); // a peer that never ends its side
    stream.peer().finish();
    asio::async_compose<Handler, void(boost::system::error_code)>(Drain{stream.peer().shared_from_this()}, handler,
                                                                  stream.get_executor());
}
inline void teardown(boost::beast::role_type, PeerStream& stream, boost::system::error_code& ec) {
    stream.peer().finish();
    ec = {};
}
// How Beast ends it when its time is up.
inline void beast_close_socket(PeerStream& stream) {
    stream.peer().close();
}

} // namespace owhale::transport
