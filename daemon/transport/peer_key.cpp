#include "transport/peer_key.hpp"

#include <algorithm>

namespace owhale::transport {
namespace {

PeerKey numbered(PeerKey::Kind kind, std::uint64_t number) {
    PeerKey key{kind, {}};
    for (std::size_t i = 0; i < sizeof number; ++i)
        key.bytes[key.bytes.size() - 1 - i] = static_cast<std::uint8_t>(number >> (8 * i));
    return key;
}

} // namespace

PeerKey key_of(const config::Address& address) {
    PeerKey key{PeerKey::Kind::address, address};
    if (!config::is_v4(key.bytes)) {
        const bool own = config::is_loopback(key.bytes);
        std::fill(key.bytes.begin() + 8, key.bytes.end(), std::uint8_t{0});
        if (own) key.bytes.back() = 1;
    } else if (config::is_loopback(key.bytes)) {
        key.bytes[13] = key.bytes[14] = 0, key.bytes[15] = 1;
    }
    return key;
}

PeerKey key_of(const identity::Peer& peer) {
    if (peer.run != 0) return numbered(PeerKey::Kind::run, peer.run);
    if (peer.kind == identity::Peer::Kind::local) return numbered(PeerKey::Kind::uid, peer.uid);
    return key_of(peer.address);
}

} // namespace owhale::transport
