// What the spawner's packets about a run's network carry, read with their descriptors.
#pragma once

#include <utility>
#include <vector>

#include "base/fd.hpp"
#include "sandbox/packet.hpp"
#include "sandbox/plan.hpp"
#include "shared/error.hpp"

namespace owhale::sandbox {

struct RunPieces { // of a scoped run, as sandbox::Network::open takes them
    wire::RunNetwork facts{};
    std::vector<Fd> pieces;                                                // one per bit of facts.have, in order
    std::vector<std::pair<wire::RunHostPort, std::vector<Fd>>> host_ports; // listener on 127.0.0.1, then on ::1
};

struct OpenedPort {
    Fd listener;
    std::uint16_t port = 0; // that was asked for, or that the kernel chose
};

// spawner_unavailable: other descriptors than it says.
Result<RunPieces> read_run_network(Packet& packet);
Result<std::pair<wire::RunHostPort, std::vector<Fd>>> read_host_port(Packet& packet);
// The inner result is the spawner's word, in its own code; the outer one whether the packet can be believed at all.
Result<Result<std::vector<Fd>>> read_inner_sockets(Packet& packet);
Result<Result<OpenedPort>> read_opened_port(Packet& packet);

} // namespace owhale::sandbox
