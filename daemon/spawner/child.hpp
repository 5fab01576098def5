// A jail in the making, as its processes see it: what they say to the spawner, step by step. Past the clone: nothing is allocated, no
// lock is taken.
#pragma once

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <sys/types.h>

#include "base/fd.hpp"
#include "spawner/detail.hpp"
#include "spawner/jail_plan.hpp"

namespace owhale::spawner {

struct Child {
    const JailPlan* plan;
    int setup; // to the spawner
    Message message{};
    Detail detail{};
    int root = -1;
    bool entered = false; // the root
    int master = -1, slave = -1;
    Fd ruleset{};       // Landlock's; none where the kernel has none
    pid_t command = -1; // its process (command.hpp)
    std::atomic<std::uint32_t> turn{0};

    [[noreturn]] void fail(Step step, int err);
    void done(Step step);
    // A failure is told with its step, and ends this process before anything of the command ran.
    void step(Step step, int err);
};

// Of a system call's value: 0 or errno.
inline int result(int value) {
    return value >= 0 ? 0 : errno;
}
// Waits for a byte of the spawner's: first that the id maps stand, then, for a gated run, that it may execute. 0 or errno.
int await_go(int setup);
// No privilege is left, and none can come back. 0 or errno.
int give_up_privilege();

} // namespace owhale::spawner
