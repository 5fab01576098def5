// The ids of a jail, and the namespaces that it has.
#pragma once

#include <cstdint>
#include <linux/sched.h>
#include <sys/types.h>
#include <vector>

#include "shared/error.hpp"

namespace owhale::spawner {

// And a network's, unless it has the host's.
inline constexpr std::uint64_t kJailNamespaces =
    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS;

Status write_id_maps(pid_t pid, std::uint32_t uid, std::uint32_t gid, const std::vector<std::uint32_t>& groups,
                     bool set_groups);

} // namespace owhale::spawner
