// A connection of a run whose target is known, by CONNECT, SOCKS or where it was redirected from: what is spoken on it decides
// how it goes on. TLS: the name in its ClientHello is the target's, or nothing goes anywhere. HTTP: request by request.
// Anything else: only to a port that a rule names.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>

#include "egress/http/run_ca.hpp"
#include "egress/input.hpp"
#include "egress/run_gate.hpp"

namespace owhale::egress {

struct TunnelParts {
    boost::asio::any_io_executor executor;
    std::shared_ptr<RunGate> gate;
    std::shared_ptr<RunCa> ca; // null: TLS is passed through
};

inline constexpr std::chrono::seconds kFirstTime{10};     // to the first request or the whole ClientHello
inline constexpr std::chrono::milliseconds kSilence{300}; // after which the server is taken to speak first

// Of a client that waits for an answer before it speaks (CONNECT, SOCKS): admits, connects where that can be done already, and
// has `answer` say what came of it: an error, or nothing. `answer` gives false when the client is gone.
using Answer = std::function<boost::asio::awaitable<bool>(std::unique_ptr<Stream>& client, const Error* error)>;
boost::asio::awaitable<void> serve_tunnel(TunnelParts parts, std::unique_ptr<Stream> client, Target target,
                                          Answer answer);
// Of a client that was redirected, and believes that it speaks with the target already.
boost::asio::awaitable<void> serve_redirected(TunnelParts parts, std::unique_ptr<Stream> client, std::string host,
                                              std::uint16_t port);

} // namespace owhale::egress
