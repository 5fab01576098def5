// Who holds the other end of a TCP connection, as the kernel's table of sockets has it: sock_diag(7), by exact addresses.
#pragma once

#include <array>
#include <cstdint>

#include "base/fd.hpp"
#include "shared/error.hpp"

namespace owhale::spawner {

using Address = std::array<std::uint8_t, 16>; // IPv6, or IPv4 mapped into it (RFC 4291, 2.5.5.2)

struct TcpPeer {
    enum class Where {
        remote,      // its address is none of this machine's
        here,        // a process of this network namespace holds its socket
        unaccounted, // it came from this machine, and its socket is not there: closed already, or its addresses rewritten
    } where = Where::unaccounted;
    Address address{};
    std::uint16_t port = 0;
    std::uint32_t uid = static_cast<std::uint32_t>(-1); // here: the socket's owner
    std::uint64_t cgroup = 0; // here: id of the cgroup (v2) that the socket was made in, which is the inode number of
                              // its folder; 0: this kernel does not say (INET_DIAG_CGROUP_ID, Linux 5.8)
};

class SocketTable {
public:
    // Two netlink sockets, made before privileges go: they show the network namespace that they were made in.
    static Result<SocketTable> open();
    // Tries it on a connection of our own: false where the kernel's table does not answer (no inet_diag), so that peers of
    // this machine are all unaccounted.
    bool works() const;
    // Of a connected TCP socket. An error means that nothing is known: refuse the peer.
    Result<TcpPeer> find_peer(int socket) const;

private:
    Fd diag_, routes_;
};

} // namespace owhale::spawner
