// Sockets of a run's network namespace, for what the broker connects to inside.
#pragma once

#include <vector>

#include "base/fd.hpp"

namespace owhale::spawner {

// TCP sockets, non-blocking and CLOEXEC, connected to nothing; 0 or an errno. A process of our own makes them, within a
// second: who enters a namespace of another user namespace may have no way back.
int make_inner_sockets(int network, int family, std::size_t count, std::vector<Fd>& made);

} // namespace owhale::spawner
