// The run's proxy, on one port: HTTP (RFC 9110 section 9.3.6 for CONNECT) and SOCKS5 (RFC 1928), told apart by the first byte.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>

#include "egress/tunnel.hpp"

namespace owhale::egress {

boost::asio::awaitable<void> serve_proxy(TunnelParts parts, std::unique_ptr<Stream> client);

} // namespace owhale::egress
