// What is read of this machine before the broker gives up the right to look: once, at the start.
#pragma once

#include <string>
#include <string_view>

#include "base/userns_limits.hpp"
#include "sandbox/host_lists.hpp"

namespace owhale::sandbox {

inline constexpr std::string_view kResolverFile = "/etc/resolv.conf";

struct Machine {
    std::string resolver_file{kResolverFile}; // without links: where a cage's own has to be put
    HostLists lists;                          // the shipped ones, with what this machine says
    UsernsLimits userns;
};

// Before the confinement. `profile_dir`: what is installed beside it.
void look_at_machine(const std::string& profile_dir);
const Machine& machine();

} // namespace owhale::sandbox
