#include "egress/own_ports.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

namespace owhale::egress {
namespace {

namespace asio = boost::asio;

// The kernel chooses an address of this machine to send from; it is the target itself when the target is this machine.
bool is_here(const asio::ip::address& address) {
    if (address.is_loopback() || address.is_unspecified()) return true;
    asio::io_context unused;
    asio::ip::udp::socket probe(unused);
    boost::system::error_code error;
    probe.open(address.is_v4() ? asio::ip::udp::v4() : asio::ip::udp::v6(), error);
    if (!error) probe.connect({address, 9}, error); // sends nothing
    if (error) return false;
    const auto from = probe.local_endpoint(error).address();
    return !error && from == address;
}

} // namespace

bool is_own(const asio::ip::address& address, std::uint16_t port, const std::vector<config::Endpoint>& own) {
    const auto same = [&](const config::Endpoint& endpoint) { return endpoint.port == port; };
    return std::ranges::any_of(own, same) && is_here(address);
}

} // namespace owhale::egress
