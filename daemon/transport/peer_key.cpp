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
    if (peer.loopback && peer.uid != static_cast<uid_t>(-1)) return numbered(PeerKey::Kind::here, peer.uid);
    return key_of(peer.address);
}

bool is_tcp(const PeerKey& key) {
    return key.kind == PeerKey::Kind::address || key.kind == PeerKey::Kind::here;
}

std::vector<PeerKey> payers_of(const identity::Peer& peer, const PeerKey& key) {
    using Kind = PeerKey::Kind;
    if (key.kind != Kind::run) return {key};
    return {key, numbered(Kind::uid, peer.uid), numbered(Kind::runs_of, peer.uid), PeerKey{Kind::runs, {}}};
}

} // namespace owhale::transport
