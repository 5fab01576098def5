// What the spawner does once, before it serves: its own mount namespace, its capabilities, what this kernel has.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "sandbox/plan.hpp"
#include "spawner/jail_plan.hpp"
#include "spawner/options.hpp"
#include "spawner/socket_table.hpp"

namespace owhale::spawner {

struct Surroundings {
    std::map<std::string, Filter> filters;
    std::vector<std::string> system_paths;
    std::vector<std::string> system_names; // and links to them, as /bin
    Fd idmap_userns;
    std::string cgroup_base; // "" none
    std::uint32_t controllers = 0;
    int landlock_abi = 0;
    std::uint64_t memory_total = 0;
    std::uint32_t missing = 0;          // wire::Layer bits
    std::optional<SocketTable> sockets; // where TCP is served
    std::uint32_t tcp_port = 0;         // of it
    NetworkTrial network;
};

// Leaves the working folder on the scratch mount, with root/ and boxes/ in it.
Result<Surroundings> prepare(const Options& options);
// After it: five capabilities (none beyond its own user namespace when rootless), undumpable, no new ones by exec, its own
// seccomp filter.
Status give_up(const Options& options);

} // namespace owhale::spawner
