#include "identity/identity.hpp"

#include <algorithm>

#include "config/endpoint.hpp"

namespace owhale::identity {
std::string Peer::describe() const {
    if (kind == Kind::tcp) return principal();
    return principal() + " (pid " + std::to_string(pid) + (program.empty() ? "" : ", " + program) + ")";
}

std::string Peer::principal() const {
    if (run != 0) return "run:" + run_id;
    return kind == Kind::tcp ? "tcp " + config::to_text(address) : "unix:" + std::to_string(uid);
}

std::string Peer::origin() const {
    if (run != 0 || kind == Kind::local) return principal();
    // Of this machine: all its users share an address, and no one of them shall slow down the others.
    if (loopback && uid != static_cast<uid_t>(-1)) return "local uid " + std::to_string(uid);
    if (config::is_v4(address)) return "ip:" + config::to_text(address);
    // Whoever has one IPv6 address has all of its /64 (RFC 7421).
    auto network = address;
    std::fill(network.begin() + 8, network.end(), std::uint8_t{0});
    return "ip:" + config::to_text(network) + "/64";
}

} // namespace owhale::identity
