// Making processes, and learning of their end, by pidfd.
#pragma once

#include <cstdint>
#include <sys/types.h>

namespace owhale::spawner {

// fork() with namespaces: clone3 with CLONE_PIDFD, into a cgroup when `cgroup` is a descriptor of one (Linux 5.7).
// Returns as fork does. With CLONE_PARENT the caller's own parent has the child.
// glibc's own fork handlers are not run: the caller is single-threaded.
pid_t clone_process(std::uint64_t namespaces, int* pidfd, int cgroup);
void send_signal(int pidfd, int signal);

} // namespace owhale::spawner
