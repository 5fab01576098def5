// The broker gives everything up.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

#include "shared/error.hpp"

namespace owhale {

struct Confinement {
    uid_t uid = 0;                     // never 0
    gid_t gid = 0;                     // nor this, when `root`
    bool root = false;                 // the process is root now: groups, ids and the bounding set can be given up
    std::vector<std::string> writable; // folders: all in them can be read, made, changed and removed, nothing executed
    std::vector<std::string> readable; // folders or files; one that does not exist is skipped
    bool connects = false;             // TCP and UDP of IPv4 and IPv6, outwards: for the scoped networks of runs
    bool landlock_required = false;    // strict mode: without Landlock the start fails
};

// Irreversible, and before the first thread. What is open stays open: descriptors are the way in that is left.
// Afterwards: no capability in any set, no way to a new one, no exec, no fork, no socket (but what `connects`
// says: none that listens, none of AF_UNIX), no file but those above.
// The error's `step` names what failed; the process must then end. Returns the Landlock ABI in force, 0 for none.
Result<int> confine(const Confinement& to);

} // namespace owhale
