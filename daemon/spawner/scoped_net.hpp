// A scoped run's network: loopback alone, every address local on it, and the listeners that the broker serves it by.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/fd.hpp"
#include "sandbox/plan.hpp"
#include "shared/error.hpp"
#include "spawner/nft_rules.hpp"

namespace owhale::spawner {

struct NetworkScript { // what the kernel is told, made once
    By by = By::tproxy;
    std::vector<std::uint8_t> links;  // lo up, both routes
    std::vector<std::uint8_t> rules4; // for nf_tables
    std::vector<std::uint8_t> rules6;
};
NetworkScript network_script(By by);

struct PortMade {
    std::uint16_t port = 0;
    std::uint16_t listeners = 0;
    std::int32_t err = 0;
};
struct NetworkMade { // as wire::RunNetwork and wire::RunHostPort
    std::uint32_t have = 0, by_tproxy = 0;
    std::int32_t err[wire::kPieces] = {};
    std::uint32_t ports = 0;
    PortMade port[wire::kMaxHostPorts];
};
bool fits(const NetworkMade& made, std::size_t fds); // as many as it says
struct NetworkFds {
    std::array<Fd, wire::kPieces + 2 * wire::kMaxHostPorts> fds; // the pieces, then the ports' listeners
    std::size_t count = 0;
    void add(Fd fd) { fds[count++] = std::move(fd); }
};

// In a new network namespace, with CAP_NET_ADMIN and CAP_NET_BIND_SERVICE over it. 0, or the errno of what no scoped run can
// be without. Past the clone: allocates nothing.
int make_network(const NetworkScript& script, std::span<const std::uint16_t> host_ports, NetworkMade& made,
                 NetworkFds& fds);

// What this machine gives, by trying it in a namespace that is thrown away, and the script that gives it. (Keeping that
// namespace, so that the kernel's hooks stay switched on, was measured: it makes no run start sooner.)
struct NetworkTrial {
    NetworkScript script;
    NetworkMade made;
};
NetworkTrial try_network();

} // namespace owhale::spawner
