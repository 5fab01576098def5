// The WebSocket of an attached client (RFC 6455 as Beast and transport/websocket read it), and what it says on its channels
// (v5.channel.k8s.io): the bytes that follow the upgrade, in pieces, from a client that then goes.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include "transport/websocket.hpp"
#include "verbs/attach_message.hpp"

using namespace owhale;
namespace asio = boost::asio;

namespace {

constexpr std::size_t kMostData = 1u << 20;
constexpr std::string_view kUpgrade =
    "GET /v1/runs/x/attach HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Protocol: v5.channel.k8s.io\r\n\r\n";

void must(bool holds) {
    if (!holds) abort();
}

// What a run would be told, and a little output for it: a close in the middle of a write, too.
asio::awaitable<void> attached(transport::Channel& channel) {
    for (;;) {
        const auto message = co_await channel.read();
        if (!message) co_return must(!message.error().message.empty());
        must(message->data.size() <= kMostData);
        const auto said = verbs::read_attach_message(message->channel, message->data);
        if (said.kind == verbs::AttachMessage::Kind::none) co_return;
        const auto written = co_await channel.write(verbs::kStdout, std::string_view("some output"));
        if (!written) co_return;
    }
}

// As a session does, which closes what it served.
asio::awaitable<void> serve(std::shared_ptr<transport::Peer> peer, std::function<void()> gone) {
    std::string head(kUpgrade);
    co_await transport::serve_channel(peer, std::move(head), attached, std::move(gone));
    peer->close();
}

// Small enough for the socket's buffer, and read by nobody: what is answered stays there.
void send_all(int fd, std::string_view bytes, std::size_t piece) {
    while (!bytes.empty()) {
        const auto sent = ::send(fd, bytes.data(), std::min(piece, bytes.size()), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

} // namespace

// The first byte: how much of it comes with the upgrade's own head.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto ahead = std::min<std::size_t>(data[0], bytes.size());
    int ends[2];
    must(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    Fd client(ends[1]);
    {
        asio::io_context io;
        auto peer = transport::Peer::make(io.get_executor(), Fd(ends[0]));
        must(peer.has_value());
        (*peer)->input() = bytes.substr(0, ahead);
        send_all(client.get(), bytes.substr(ahead), 4096);
        ::shutdown(client.get(), SHUT_WR);
        bool went = false, served = false;
        std::function<void()> gone = [&went] { went = true; };
        asio::co_spawn(io, serve(*peer, std::move(gone)), [&served](const std::exception_ptr& thrown) {
            must(!thrown);
            served = true;
        });
        // What is left then are timers that have nothing to watch.
        while (!(served && went) && io.run_one() > 0) {}
        must(went);
    }
    return 0;
}
