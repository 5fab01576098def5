// Where a redirected connection or datagram meant to go.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <optional>

struct msghdr;

namespace owhale::egress {

// Of a connection accepted by a transparent piece: SO_ORIGINAL_DST (netfilter's redirect), or the socket's own name (tproxy).
// Nothing: it was not redirected, somebody in the run connected to the listener itself.
std::optional<boost::asio::ip::tcp::endpoint> original_of(int socket, bool by_tproxy);
// Of a datagram: IP_ORIGDSTADDR or IPV6_ORIGDSTADDR among its control messages.
std::optional<boost::asio::ip::udp::endpoint> original_of(const msghdr& message);

} // namespace owhale::egress
