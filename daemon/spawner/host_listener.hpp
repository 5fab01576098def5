// A listening TCP socket of the host's, for a port that a run publishes.
#pragma once

#include <array>
#include <cstdint>

#include "base/fd.hpp"

namespace owhale::spawner {

using PortAddress = std::array<std::uint8_t, 16>; // IPv6, or IPv4 mapped into it

bool is_loopback(const PortAddress& address);
// 0 or an errno; `port` 0 becomes the one that the kernel chose.
int listen_on_host(const PortAddress& address, std::uint16_t& port, Fd& listener);

} // namespace owhale::spawner
