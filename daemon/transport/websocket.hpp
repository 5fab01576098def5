// The WebSocket of one connection, as a Channel (v5.channel.k8s.io over RFC 6455).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "transport/exchange.hpp"
#include "transport/head.hpp"
#include "transport/peer.hpp"

namespace owhale::transport {

// Whether this is an upgrade that serve_channel can accept.
Status check_upgrade(const Head& head);

// Answers the upgrade, gives the channel to `stream`, and closes it afterwards. `gone` is called when the peer goes
// before that.
asio::awaitable<void> serve_channel(std::shared_ptr<Peer> peer, std::string head_text, Stream stream,
                                    std::function<void()> gone);

} // namespace owhale::transport
