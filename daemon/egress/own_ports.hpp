// Where owhaled itself listens: no run gets there over the network, whatever a rule says.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <vector>

#include "config/endpoint.hpp"

namespace owhale::egress {

// An address of this machine with a port of owhaled's, by whichever of its addresses.
bool is_own(const boost::asio::ip::address& address, std::uint16_t port, const std::vector<config::Endpoint>& own);

} // namespace owhale::egress
