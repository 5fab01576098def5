// One HTTP/1.1 connection to owhaled, which may turn into a WebSocket. Asynchronous; Beast stays in the .cpp.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "cli/call.hpp"
#include "cli/device_store.hpp"
#include "cli/token_store.hpp"
#include "cli/where.hpp"

namespace owhale::cli {

namespace asio = boost::asio;

// A WebSocket in the v5.channel.k8s.io convention: binary messages whose first byte is the channel. One read and one
// write may be under way at a time.
class Channel {
public:
    virtual ~Channel() = default;
    struct Message {
        std::uint8_t channel = 0;
        std::string data;
    };
    // The next message; Code::unreachable when the stream ended, with `message` saying how.
    virtual asio::awaitable<Result<Message>> read() = 0;
    // Done when the kernel took it.
    virtual asio::awaitable<Status> write(std::uint8_t channel, std::string_view data) = 0;
    virtual asio::awaitable<void> close() = 0;
};

class Connection {
public:
    Connection(asio::any_io_executor executor, Where where);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // One call, and its answer whatever its status. Connects first where needed, and keeps the connection. Shows the token
    // that is kept for this daemon, or signs as the device that this machine is to it. Waits out a 429 of up to 5 s, and says so on a terminal. What it signs is signed anew, once,
    // by owhaled's own clock when this one is off, and as often as needed in the few seconds after owhaled has started.
    asio::awaitable<Result<Reply>> send(Call call);
    // A call whose answer has no end (server-sent events): its bytes as they come, until the other end or `limit` without
    // any. A refusal is the server's problem as an Error; an end is unreachable.
    asio::awaitable<Status> follow(Call call, std::function<void(std::string_view)> take);
    // A call that is answered by one body or by a stream, of events or lines: the reply, without the body of a stream, whose bytes are
    // given to `take` as they come, each once what it did with the last is done. `limit` is the longest silence.
    using Take = std::function<asio::awaitable<void>(std::string_view)>;
    asio::awaitable<Result<Reply>> converse(Call call, Take take);
    // Ends the conversation that is under way by closing the connection: it answers unreachable.
    void hang_up();
    // Turns this connection into a channel. A refusal is the server's problem as an Error.
    asio::awaitable<Result<std::unique_ptr<Channel>>> upgrade(Call call);
    // The daemon's end: known once connected.
    const Peer& peer() const;
    // What is shown to it; null: nothing.
    const KeptToken* token() const;
    // The paired device that signs what is asked; null: none. With a token there is none.
    const KeptDevice* device() const;
    // Forgets the connection: the next call makes a new one.
    void drop();

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace owhale::cli
