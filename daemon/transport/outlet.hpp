// An answer that goes on: its body written in chunks to a client that may be slow, or gone.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "transport/exchange.hpp"
#include "transport/head.hpp"
#include "transport/peer.hpp"

namespace owhale::transport {

// Writes the head and has `streamed.body` write the rest; returns when that has ended. `gone` is called once when the
// client goes before, or takes nothing for `patience`.
asio::awaitable<void> serve_stream(std::shared_ptr<Peer> peer, const Head& head, Streamed streamed,
                                   std::chrono::milliseconds patience, std::function<void()> gone);

} // namespace owhale::transport
