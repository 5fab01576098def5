// What a verb sees of HTTP: a request, a response, and, for live streams, a channel. No Beast here: handlers compile fast.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/endpoint.hpp"
#include "identity/identity.hpp"
#include "shared/error.hpp"

namespace owhale::api {
struct Run;
}

namespace owhale::transport {

namespace asio = boost::asio;

// One open connection. Owned by its session; handlers may hold a weak_ptr to learn that the client went.
struct Connection {
    std::uint64_t number = 0;                   // as the spawner counts them
    identity::Peer peer;                        // behind a trusted proxy: whom it speaks for in the request at hand
    config::Address socket_address{};           // the other end itself; all 0 of a Unix socket
    std::optional<config::Address> own_address; // this end of a TCP connection
    bool proxied = false;                       // a trusted proxy's: not one client's
    std::string device; // "device:<id>" that signed the request at hand, and whose end is this connection's; "" none
    std::string tls_fingerprint; // of the certificate that this connection was shown; "" without TLS
    bool open = true;
    struct StepUp {                        // a window that one session opened; it ends with the connection
        std::string principal;             // "user:alice"; "" none
        std::string session;               // the jti: another token of the same account has no part in it
        std::int64_t until_ns = 0;         // on the monotonic clock
        std::int64_t password_changed = 0; // of the account, as it opened: a new password closes it

        bool is_of(const identity::Principal& who) const {
            return !principal.empty() && principal == who.name && session == who.session &&
                   password_changed == who.password_changed;
        }
    } step_up;
    std::vector<std::function<void()>> on_close; // run once, on the io thread, when the peer has gone
    bool follows = false;                        // the audit log: it stays until owhaled's last event is told
};

// How an act that needs step-up was proved, for the audit event that its handler writes.
struct Proof {
    enum class By { nothing, root, window, password, signature };
    By by = By::nothing;
    std::string act; // of the last two: "POST /v1/users sha256:<of the body>", the one act that it counts for

    std::string text() const; // "root", "window", "password for POST /v1/users sha256:…"; "" for nothing
};

struct Request {
    std::string method;                                      // "GET"
    std::string path;                                        // decoded, without the query
    std::map<std::string, std::string> params;               // from the pattern: /v1/runs/{id}
    std::map<std::string, std::string> query;                // decoded; a repeated key is refused before this
    std::map<std::string, std::string, std::less<>> headers; // lower-case names; never what proves who asks
    std::string body;                                        // at most Settings::max_body
    std::shared_ptr<Connection> connection;
    identity::Principal principal;
    Proof proof;

    const identity::Principal& who() const { return principal; }
};

struct Response {
    unsigned status = 200;
    std::string content_type = "application/json";
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
};

// A problem+json response for an error; of a run that was refused, with its verdict and its id.
Response problem(const Error& error, const api::Run* refused = nullptr);

// One WebSocket in the Kubernetes v5.channel.k8s.io convention: binary messages whose first byte is the channel.
class Channel {
public:
    virtual ~Channel() = default;
    struct Message {
        std::uint8_t channel;
        std::string data;
    };
    // The next message; an error when the peer went or broke the protocol. At most 1 MiB each.
    virtual asio::awaitable<Result<Message>> read() = 0;
    // Completes when the kernel took it: a slow peer holds the writer back.
    virtual asio::awaitable<Status> write(std::uint8_t channel, std::span<const char> data) = 0;
    virtual asio::awaitable<void> close() = 0;
};

using Handler = std::function<asio::awaitable<Result<Response>>(Request&)>;
// Called instead of a Handler when the client asks for an upgrade on a verb that streams. `prepare` runs before the
// 101 is sent, so that a refusal is still a problem+json answer; what it returns then owns the channel.
using Stream = std::function<asio::awaitable<void>(Channel&)>;
using Upgrade = std::function<asio::awaitable<Result<Stream>>(Request&)>;

// The body of an answer that goes on for as long as its client listens.
class Outlet {
public:
    virtual ~Outlet() = default;
    // Completes when the kernel took it: a slow client holds the writer back. False: the client went, or took nothing for
    // too long; then nothing more is written.
    virtual asio::awaitable<bool> write(std::string_view bytes) = 0;
};

// An answer of which only the head is known: `body` writes the rest, and ends with the client, whose going Connection::on_close
// tells. The connection ends after it. An empty `body`: the head is the whole answer, with its own body; all goes on.
struct Streamed {
    Response head; // its body stays empty where `body` is not
    std::function<asio::awaitable<void>(Outlet&)> body;
};
using Streamer = std::function<asio::awaitable<Result<Streamed>>(Request&)>;

struct Route {
    std::string_view verb; // name in shared/verbs.hpp
    Handler handler;
    Upgrade upgrade;      // empty: no WebSocket
    Streamer stream = {}; // instead of a handler: the answer has no end
};

} // namespace owhale::transport
