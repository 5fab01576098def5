// Landlock: reading and executing everywhere in the cage's tree, writing only where the plan says so.
#pragma once

#include "base/fd.hpp"
#include "spawner/jail_plan.hpp"

namespace owhale::spawner {

// 0: the kernel has none.
int landlock_abi();
// Past the clone, inside the new root: 0 or errno. The ruleset is left open for the command's process.
int restrict_by_landlock(const JailPlan& plan, Fd& ruleset);
// The same by that ruleset; -1: there is none.
int restrict_by(int ruleset);

} // namespace owhale::spawner
