// The command's process, from the moment it is made to its exec. It is made before its cage is furnished, gives up everything and
// loads its filter there, which takes the kernel as long as all that comes later together; then it sleeps.
//
// It has the memory and the descriptors of the process that furnishes the cage, whose own copies would cost a fault a page. So
// only one of the two runs at a time: they hand `Child::turn` over, and the kernel itself does at the exec (or the death), as
// vfork would: CLONE_CHILD_CLEARTID of clone(2).
#pragma once

#include "spawner/child.hpp"

namespace owhale::spawner {

// Makes it, with the bounding set emptied for both, and returns when it sleeps. All signals are blocked from here on: none gets lost
// between it and the warden's first wait.
void make_command(Child& child);
// Past the last step of the cage: it takes the rest of its plan, waits for its go and executes. Returns when it has, or is dead.
void let_command_execute(Child& child);

} // namespace owhale::spawner
