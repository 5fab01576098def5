// HTTP/1.1 between a run and a host, read and written anew: what is judged by method and path, where placeholders become
// values, and where values are cut out of what comes back.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "egress/gate.hpp"

namespace owhale::egress {

// What the client's side of a connection is.
struct Front {
    enum class Kind {
        proxy,  // plain, to the proxy: absolute-form requests name their host
        origin, // plain, transparently redirected: `host` and `port` are where it meant to go, the Host header says more
        inspected, // inside TLS that owhaled ended with the run's own CA: every request is for `host` and `port`
    } kind = Kind::proxy;
    std::string host;
    std::uint16_t port = 0;
};

struct HttpDeadlines {
    std::chrono::milliseconds head{30'000};    // of a request, from its first byte
    std::chrono::milliseconds quiet{120'000};  // between two requests
    std::chrono::milliseconds idle{1'800'000}; // no byte moves, either way, in the middle of one
};

// Serves until either side ends. `client` has not been read from, but for what it gives back first.
boost::asio::awaitable<void> serve_http(std::unique_ptr<Stream> client, std::shared_ptr<Gate> gate, Front front,
                                        HttpDeadlines deadlines = {});

// The host part of the local endpoints that are upgraded to TLS: "http://api.example.com.owhale.internal/v1/x" is asked of
// https://api.example.com/v1/x. Resolved by the run's own DNS; never leaves this machine.
inline constexpr std::string_view kEndpointSuffix = ".owhale.internal";

} // namespace owhale::egress
