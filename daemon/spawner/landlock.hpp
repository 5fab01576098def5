// Landlock: reading and executing everywhere in the cage's tree, writing only where the plan says so.
#pragma once

#include "spawner/jail_plan.hpp"

namespace owhale::spawner {

// 0: the kernel has none.
int landlock_abi();
// Past the clone, inside the new root: 0 or errno.
int restrict_by_landlock(const JailPlan& plan);

} // namespace owhale::spawner
