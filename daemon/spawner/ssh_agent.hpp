// The requester's own ssh agent, connected to in the resolve child with the requester's rights.
#pragma once

#include <cstdint>
#include <string>

#include "base/fd.hpp"

namespace owhale::spawner {

// 0 and a connected, non-blocking stream; or an errno: ENOENT, EACCES, ENOTSOCK, ECONNREFUSED, EAGAIN (its queue is full),
// EPERM (another uid listens there), EPROTO (what listens does not speak as an agent does), ETIMEDOUT (two seconds).
// The broker names the path: were any socket of the requester's taken, a broker that somebody owns would get the user's
// message bus by it. So it has to answer draft-ietf-sshm-ssh-agent's request for identities first.
int connect_ssh_agent(const std::string& path, std::uint32_t uid, Fd& agent);

} // namespace owhale::spawner
