// Whom a connection counts for: what caps and rate limits are kept by.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <vector>

#include "config/endpoint.hpp"
#include "identity/identity.hpp"

namespace owhale::transport {

struct PeerKey {
    // here: a uid of this machine that came over TCP. runs_of: all runs of a uid together; runs: those of everyone.
    enum class Kind : std::uint8_t { uid, run, address, here, runs_of, runs };
    Kind kind = Kind::uid;
    std::array<std::uint8_t, 16> bytes{}; // the number, big-endian at the end; or the address
    auto operator<=>(const PeerKey&) const = default;
};

// A local peer is its uid, a run's listener the run. A TCP peer of this machine is the uid that holds its socket, so
// that nobody here uses up what is another's; what came by a trusted proxy is not of this machine. Any other is its address: IPv4 whole, also when it comes mapped
// into IPv6; IPv6 by its /64, which one customer holds whole (RFC 6177); 127.0.0.0/8 as one, since a process of this
// machine may choose any of it.
PeerKey key_of(const identity::Peer& peer);
PeerKey key_of(const config::Address& address); // of a TCP peer
bool is_tcp(const PeerKey& key);
// All that the connection counts in. A run's is paid by the uid that the run runs as, too: runs are no way to more.
std::vector<PeerKey> payers_of(const identity::Peer& peer, const PeerKey& key);

} // namespace owhale::transport
