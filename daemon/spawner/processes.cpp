#include "spawner/processes.hpp"

#include <csignal>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace owhale::spawner {

pid_t clone_process(std::uint64_t namespaces, int* pidfd, int cgroup) {
    clone_args arguments{};
    arguments.flags = namespaces | CLONE_PIDFD | (cgroup >= 0 ? CLONE_INTO_CGROUP : 0);
    arguments.pidfd = reinterpret_cast<std::uint64_t>(pidfd);
    arguments.exit_signal = (namespaces & CLONE_PARENT) != 0 ? 0 : SIGCHLD; // then that of whoever calls
    arguments.cgroup = cgroup >= 0 ? static_cast<std::uint64_t>(cgroup) : 0;
    return static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
}

void send_signal(int pidfd, int signal) {
    ::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0);
}

} // namespace owhale::spawner
