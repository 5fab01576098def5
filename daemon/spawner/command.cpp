#include "spawner/command.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "spawner/channel.hpp"
#include "spawner/credentials.hpp"
#include "spawner/landlock.hpp"
#include "spawner/seccomp.hpp"
#include "spawner/warden.hpp"

namespace owhale::spawner {
namespace {

// Whose turn it is. The kernel writes kNobodys, at the end of the shared memory's use.
constexpr std::uint32_t kNobodys = 0, kCommands = 1, kFurnishers = 2;

void wait_while(const std::atomic<std::uint32_t>& turn, std::uint32_t whose) {
    static_assert(sizeof turn == sizeof(std::uint32_t) && std::atomic<std::uint32_t>::is_always_lock_free);
    while (turn == whose) ::syscall(SYS_futex, &turn, FUTEX_WAIT, whose, nullptr, nullptr, 0);
}

// False: there is nobody left to hand it to.
bool hand_over(std::atomic<std::uint32_t>& turn, std::uint32_t from, std::uint32_t to) {
    if (!turn.compare_exchange_strong(from, to)) return false;
    ::syscall(SYS_futex, &turn, FUTEX_WAKE, 1, nullptr, nullptr, 0);
    return true;
}

int set_limits(const JailPlan& plan) {
    for (auto [resource, limit] : plan.rlimits) {
        rlimit now{};
        if (::getrlimit(static_cast<__rlimit_resource>(resource), &now) != 0) return errno;
        limit.rlim_max = std::min(limit.rlim_max, now.rlim_max);
        limit.rlim_cur = std::min(limit.rlim_cur, limit.rlim_max);
        if (::setrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0) return errno;
    }
    if (plan.cpus.empty()) return 0;
    cpu_set_t set;
    CPU_ZERO(&set);
    for (const int cpu : plan.cpus) CPU_SET(cpu, &set);
    return result(::sched_setaffinity(0, sizeof set, &set));
}

int set_stdio(const Child& child) {
    const auto& plan = *child.plan;
    if (plan.tty) {
        if (::ioctl(child.slave, TIOCSCTTY, 0) != 0) return errno;
        for (int fd = 0; fd <= STDERR_FILENO; ++fd)
            if (::dup2(child.slave, fd) < 0) return errno;
        return 0;
    }
    const int in = plan.in >= 0 ? plan.in : ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (in < 0) return errno;
    if (::dup2(in, STDIN_FILENO) < 0 || ::dup2(plan.out, STDOUT_FILENO) < 0 || ::dup2(plan.err, STDERR_FILENO) < 0)
        return errno;
    return 0;
}

// A table of descriptors of its own; nothing is closed yet.
int leave_descriptors() {
    return result(::close_range(~0u, ~0u, CLOSE_RANGE_UNSHARE));
}

// A session of its own, the terminal or the pipes, and only 0, 1, 2 and the setup socket, which the exec closes: its end
// of file is how the spawner learns that the command runs.
[[noreturn]] void execute(Child& child) {
    const auto& plan = *child.plan;
    child.step(Step::warden, leave_descriptors());
    child.step(Step::limits, set_limits(plan));
    child.step(Step::landlock, restrict_by(child.ruleset.get()));
    ::setsid();
    child.step(Step::stdio, set_stdio(child));
    child.detail.set("working folder ", plan.cwd.c_str());
    child.step(Step::cwd, result(::chdir(plan.cwd.c_str())));
    constexpr int kSetup = STDERR_FILENO + 1;
    if (child.setup != kSetup && ::dup3(child.setup, kSetup, O_CLOEXEC) < 0) ::_exit(125);
    child.setup = kSetup;
    ::close_range(kSetup + 1, ~0u, 0);
    child.step(Step::intent, plan.gated ? await_go(child.setup) : 0);
    unblock_signals();
    child.message.kind = Message::started;
    (void)send_packet(child.setup, &child.message, sizeof child.message, {});
    child.detail.set(plan.program.c_str());
#ifdef OWHALE_FAULTS
    child.step(Step::exec, 0);
#endif
    ::execve(plan.program.c_str(), plan.argv_p.data(), plan.env_p.data());
    child.fail(Step::exec, errno);
}

// What needs no plan. The filter refuses nothing of what comes after it here.
int live(void* argument) {
    auto& child = *static_cast<Child*>(argument);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); // of the warden; for `exec`, whose warden is no pid 1
    child.step(Step::capabilities, give_up_privilege());
    child.step(Step::seccomp, load_filter(*child.plan->filter));
    hand_over(child.turn, kCommands, kFurnishers);
    wait_while(child.turn, kFurnishers);
    execute(child);
}

} // namespace

void make_command(Child& child) {
    alignas(16) static std::array<char, 64u << 10> stack; // one process makes one
    // While there is CAP_SETPCAP, once for both: 41 changes of credentials.
    if (const int err = clear_bounding(0); err != 0) child.fail(Step::capabilities, err);
    block_signals();
    child.turn = kCommands;
    constexpr int kFlags = CLONE_VM | CLONE_FILES | CLONE_CHILD_CLEARTID | SIGCHLD;
    child.command = ::clone(live, stack.data() + stack.size(), kFlags, &child, nullptr, nullptr, &child.turn);
    if (child.command < 0) child.fail(Step::warden, errno);
    wait_while(child.turn, kCommands);
    if (child.turn == kNobodys) ::_exit(125); // it has told why
}

void let_command_execute(Child& child) {
    if (!hand_over(child.turn, kFurnishers, kCommands)) child.fail(Step::warden, ECHILD);
    wait_while(child.turn, kCommands);
}

} // namespace owhale::spawner
