#include "spawner/warden.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spawner/seccomp.hpp"

namespace owhale::spawner {
namespace {

// A shell's way: 128+n for a signal. pid 1 cannot die of one itself, so the report pipe carries the whole status.
int exit_code_of(int status) {
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// True when the command itself has ended; `status` is its.
bool reap(pid_t command, int& status) {
    for (;;) {
        int one = 0;
        const pid_t pid = ::waitpid(-1, &one, WNOHANG);
        if (pid <= 0) return false;
        if (pid != command) continue;
        status = one;
        return true;
    }
}

// What no user's signal can be: `runs signal` sends without a value, and what runs inside is not the spawner.
constexpr int kHoldStill = 0x6f776c31, kGoOn = 0x6f776c30;

// True: it was a word for the warden itself.
bool take_word(const siginfo_t& info, bool is_init) {
    if (info.si_code != SI_QUEUE || (info.si_value.sival_int != kHoldStill && info.si_value.sival_int != kGoOn))
        return false;
    if (is_init) ::kill(-1, info.si_value.sival_int == kHoldStill ? SIGSTOP : SIGCONT);
    return true;
}

// Whoever has lost its parent is ours: without a child there is nobody left.
void end_all_others() {
    if (::waitpid(-1, nullptr, WNOHANG) < 0) return;
    ::kill(-1, SIGKILL);
    for (;;)
        if (::waitpid(-1, nullptr, 0) < 0 && errno != EINTR) return;
}

std::int64_t microseconds(const timeval& time) {
    return static_cast<std::int64_t>(time.tv_sec) * 1'000'000 + time.tv_usec;
}

WardenReport make_report(int status) {
    rusage own{}, others{};
    ::getrusage(RUSAGE_SELF, &own);
    ::getrusage(RUSAGE_CHILDREN, &others);
    return {status, 0, microseconds(own.ru_utime) + microseconds(others.ru_utime),
            microseconds(own.ru_stime) + microseconds(others.ru_stime), std::max(own.ru_maxrss, others.ru_maxrss)};
}

} // namespace

void tell_warden(int pidfd, bool still) {
    siginfo_t info{};
    info.si_signo = SIGURG;
    info.si_code = SI_QUEUE;
    info.si_value.sival_int = still ? kHoldStill : kGoOn;
    ::syscall(SYS_pidfd_send_signal, pidfd, SIGURG, &info, 0);
}

void block_signals() {
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
}

void unblock_signals() {
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void keep_watch(pid_t command, pid_t spawner, const JailPlan& plan) {
    if (const int err = load_filter(*plan.warden_filter); err != 0) ::_exit(125);
    sigset_t all;
    ::sigfillset(&all);
    for (;;) {
        siginfo_t info{};
        const int signal = ::sigwaitinfo(&all, &info);
        if (signal < 0) continue;
        if (signal != SIGCHLD) {
            // Only the spawner's word counts: what runs inside may signal pid 1 as it likes.
            if (info.si_pid == spawner && take_word(info, spawner == 0)) continue;
            if (info.si_pid == spawner && signal != SIGKILL) ::kill(-command, signal);
            continue;
        }
        int status = 0;
        if (!reap(command, status)) continue;
        if (spawner == 0) end_all_others();
        const auto report = make_report(status);
        [[maybe_unused]] const auto n = ::write(plan.report, &report, sizeof report);
        ::_exit(exit_code_of(status));
    }
}

} // namespace owhale::spawner
