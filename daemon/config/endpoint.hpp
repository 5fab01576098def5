// Addresses as settings write them: of the TCP listener, of trusted proxies.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/error.hpp"

namespace owhale::config {

// IPv6, or IPv4 mapped into it (::ffff:a.b.c.d), in network order: one form for one address.
using Address = std::array<std::uint8_t, 16>;

struct Endpoint {
    Address address{};
    std::uint16_t port = 0; // host order; 0: the kernel chooses a free one
};

bool is_v4(const Address& address);
bool is_loopback(const Address& address); // 127.0.0.0/8, ::1
// "127.0.0.1", "::1"
std::string to_text(const Address& address);
// "127.0.0.1:7717", "[::1]:7717"
std::string to_text(const Endpoint& endpoint);

// Without a zone; 127.0.0.1 and ::ffff:127.0.0.1 are the same. Fails with invalid_value.
Result<Address> parse_address(std::string_view text);
// "ADDR:PORT", "[ADDR]:PORT", "localhost:PORT" (which is 127.0.0.1), or "off", which is none. Other names are refused:
// what they mean would be the resolver's word. Fails with invalid_value.
Result<std::optional<Endpoint>> parse_endpoint(std::string_view text);

} // namespace owhale::config
