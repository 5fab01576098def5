// What keeps programs of ordinary users from user namespaces on this machine, of which every cage is built.
#pragma once

#include <string>
#include <vector>

namespace owhale {

struct UsernsLimits {
    long most = -1;         // user.max_user_namespaces; -1: the kernel does not say
    bool root_only = false; // kernel.unprivileged_userns_clone is 0 (Debian's kernels)
    // kernel.apparmor_restrict_unprivileged_userns is 1 (Ubuntu 23.10 and later): a program that no AppArmor profile lets
    // have them gets them without any capability.
    bool by_profile = false;
};

// `folder`: where the kernel tells its settings.
UsernsLimits read_userns_limits(const std::string& folder = "/proc/sys");

struct Hindrance {
    std::string what, fix;    // both empty when there is none
    std::string setting = {}; // NAME=VALUE of the sysctl that takes it away
    std::string command = {}; // or, without one, the command for root that does
};

// All there are, the hardest first. `as_root`: of one who has CAP_SYS_ADMIN where it asks.
std::vector<Hindrance> hindrances(const UsernsLimits& limits, bool as_root);
// The first; an empty one when there is none.
Hindrance hindrance(const UsernsLimits& limits, bool as_root);

} // namespace owhale
