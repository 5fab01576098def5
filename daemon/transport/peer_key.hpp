// Whom a connection counts for: what caps and rate limits are kept by.
#pragma once

#include <array>
#include <compare>
#include <cstdint>

#include "config/endpoint.hpp"
#include "identity/identity.hpp"

namespace owhale::transport {

struct PeerKey {
    enum class Kind : std::uint8_t { uid, run, address };
    Kind kind = Kind::uid;
    std::array<std::uint8_t, 16> bytes{}; // the number, big-endian at the end; or the address
    auto operator<=>(const PeerKey&) const = default;
};

// A local peer is its uid, a run's listener the run. A TCP peer is its address: IPv4 whole, also when it comes mapped
// into IPv6; IPv6 by its /64, which one customer holds whole (RFC 6177); 127.0.0.0/8 as one, since a process of this
// machine may choose any of it.
PeerKey key_of(const identity::Peer& peer);
PeerKey key_of(const config::Address& address); // of a TCP peer

} // namespace owhale::transport
