// The warden: pid 1 of a run. It reaps, passes signals on, and says once how the command ended. When it dies, the kernel
// ends everything in its pid namespace.
#pragma once

#include <cstdint>
#include <sys/types.h>

#include "spawner/jail_plan.hpp"

namespace owhale::spawner {

// What it says once, when the command has ended and, in a pid namespace of its own, nothing else lives there any more but
// what entered by `exec`.
struct WardenReport {
    std::int32_t status; // as waitpid tells it
    std::int32_t pad;
    std::int64_t user_us, system_us, max_kilobytes; // of all that it waited for, and its own
};

// Never returns. `spawner` is the pid that the spawner's signals come from, as this process sees it: 0 from outside a
// pid namespace.
[[noreturn]] void keep_watch(pid_t command, pid_t spawner, const JailPlan& plan);
// Tells a warden to hold all of its pid namespace still, or to let it go on. Not for one that entered another's cage: it is
// itself in the host's pid namespace, and the cage's own warden holds what it started.
void tell_warden(int pidfd, bool still);
// Blocks every signal, before the command is forked: none gets lost between the fork and the first wait.
void block_signals();
void unblock_signals();

} // namespace owhale::spawner
