// How a host is written: the one spelling in which names, addresses and ranges of them are compared. Pure.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "shared/error.hpp"

namespace owhale {

// A name as the DNS takes it for a host (RFC 1123 section 2.1, and the underscore that people use): lower case, labels of
// at most 63 bytes, 253 in all, no trailing dot, U-labels not at all, and a last label that is no number: what looks like
// an address but is none (127.1, 0x7f.1, 2130706433; WHATWG URL section 3.5) is no name either.
bool is_host_name(std::string_view text);
// An address in its plain spelling: four decimal octets without leading zeros, or IPv6 without brackets and zone.
// IPv4 mapped into IPv6 comes out as IPv4.
std::optional<boost::asio::ip::address> as_address(std::string_view text);
struct AddressRange { // an address alone has all bits of its family
    boost::asio::ip::address network;
    unsigned bits = 0;
};
// "192.0.2.7", "10.0.0.0/8", "2001:db8::1", "[2001:db8::]/32"; nothing when it is none, or has bits of a host in it.
std::optional<AddressRange> read_range(std::string_view text);
// Of one family, and all of `inner`.
bool contains(const AddressRange& range, const AddressRange& inner);
// In its one spelling: brackets where a length follows an address of IPv6.
std::string to_text(const AddressRange& range);
// What somebody wrote, in the one spelling: lower case, one trailing dot dropped, brackets of IPv6 dropped. invalid_value.
Result<std::string> normal_host(std::string_view text);
struct HostPort {
    std::string host;
    std::uint16_t port = 0;
};
// "host:port", "[v6]:port"; the port is there and not 0. invalid_value.
Result<HostPort> read_host_port(std::string_view text);
// "host:port", with brackets where they are needed.
std::string to_text(const std::string& host, std::uint16_t port);

} // namespace owhale
