#include "identity/identity.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>

namespace owhale::identity {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_v4(const std::array<std::uint8_t, 16>& address) {
    return std::memcmp(address.data(), kMapped.data(), kMapped.size()) == 0;
}

std::string text_of(const std::array<std::uint8_t, 16>& address) {
    char text[INET6_ADDRSTRLEN] = {};
    const bool v4 = is_v4(address);
    ::inet_ntop(v4 ? AF_INET : AF_INET6, address.data() + (v4 ? kMapped.size() : 0), text, sizeof text);
    return text;
}

} // namespace

std::string Peer::describe() const {
    if (kind == Kind::tcp) return principal();
    return principal() + " (pid " + std::to_string(pid) + (program.empty() ? "" : ", " + program) + ")";
}

std::string Peer::principal() const {
    if (run != 0) return "run:" + run_id;
    return kind == Kind::tcp ? "tcp " + text_of(address) : "unix:" + std::to_string(uid);
}

std::string Peer::origin() const {
    if (run != 0 || kind == Kind::local) return principal();
    // Of this machine: all its users share an address, and no one of them shall slow down the others.
    if (loopback && uid != static_cast<uid_t>(-1)) return "local uid " + std::to_string(uid);
    if (is_v4(address)) return "ip:" + text_of(address);
    // Whoever has one IPv6 address has all of its /64 (RFC 7421).
    auto network = address;
    std::fill(network.begin() + 8, network.end(), std::uint8_t{0});
    return "ip:" + text_of(network) + "/64";
}

} // namespace owhale::identity
