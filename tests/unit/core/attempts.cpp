#include "attempts.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/fd.hpp"

namespace owhale::test {
namespace {

int answer(long result) {
    return result < 0 ? errno : 0;
}
// The call itself, past what the C library checks; arguments that are not given are zero.
int call(long number, long first = 0) {
    return answer(::syscall(number, first, 0, 0, 0, 0, 0));
}
int opened(const char* path, int flags) {
    return Fd(::open(path, flags | O_CLOEXEC, 0600)) ? 0 : errno;
}

// Ends a child at once and waits for it.
int child(long pid) {
    if (pid == 0) ::_exit(0);
    if (pid < 0) return errno;
    ::waitpid(static_cast<pid_t>(pid), nullptr, 0);
    return 0;
}

int fork_raw() {
    return child(::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}
int fork_clone3() {
    clone_args arguments{};
    arguments.exit_signal = SIGCHLD;
    return child(::syscall(SYS_clone3, &arguments, sizeof arguments));
}
int thread_with_namespace() {
    return answer(::syscall(SYS_clone, CLONE_THREAD | CLONE_VM | CLONE_SIGHAND | CLONE_NEWUSER, 0, 0, 0, 0));
}
int map(int protection) {
    void* at = ::mmap(nullptr, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) return errno;
    return answer(::munmap(at, 4096));
}
int make_executable() {
    void* at = ::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const int result = answer(::mprotect(at, 4096, PROT_READ | PROT_EXEC));
    ::munmap(at, 4096);
    return result;
}
int socket_of(int family, int type) {
    return Fd(::socket(family, type | SOCK_CLOEXEC, 0)) ? 0 : errno;
}
int pair() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return errno;
    ::close(ends[0]);
    ::close(ends[1]);
    return 0;
}
int read_other_memory() {
    char byte = 0;
    iovec here{&byte, 1}, there{&byte, 1};
    return answer(::process_vm_readv(::getpid(), &here, 1, &there, 1, 0));
}
int ioctl_on_pipe(unsigned long request) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return errno;
    const int result = answer(::ioctl(ends[0], request, ""));
    ::close(ends[0]);
    ::close(ends[1]);
    return result;
}
int set_owner() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return errno;
    const int result = answer(::fcntl(ends[0], F_SETOWN, ::getpid()));
    ::close(ends[0]);
    ::close(ends[1]);
    return result;
}
int raise_limit() {
    const rlimit files{1024, 1024};
    return answer(::setrlimit(RLIMIT_NOFILE, &files));
}

constexpr std::array kAttempts = {
    // files
    Attempt{"open /etc/passwd", [] { return opened("/etc/passwd", O_RDONLY); }, 0, EACCES},
    Attempt{"open /", [] { return opened("/", O_RDONLY | O_DIRECTORY); }, 0, EACCES},
    Attempt{"open /proc/self/status", [] { return opened("/proc/self/status", O_RDONLY); }, 0, EACCES},
    Attempt{"open /dev/null", [] { return opened("/dev/null", O_WRONLY); }, 0, EACCES},
    Attempt{"make a file in /tmp", [] { return opened("/tmp", O_TMPFILE | O_WRONLY); }, 0, EACCES},
    Attempt{"open_by_handle_at", [] { return call(SYS_open_by_handle_at, -1); }, EFAULT, EPERM},
    Attempt{"name_to_handle_at", [] { return call(SYS_name_to_handle_at, -1); }, EFAULT, EPERM},
    Attempt{"symlink", [] { return call(SYS_symlink); }, EFAULT, EPERM},
    Attempt{"link", [] { return call(SYS_link); }, EFAULT, EPERM},
    Attempt{"mknod", [] { return call(SYS_mknod); }, EFAULT, EPERM},
    Attempt{"chmod", [] { return call(SYS_chmod); }, EFAULT, EPERM},
    Attempt{"chown", [] { return call(SYS_chown); }, EFAULT, EPERM},
    Attempt{"chroot", [] { return call(SYS_chroot); }, EFAULT, EPERM},
    Attempt{"mount", [] { return call(SYS_mount); }, EFAULT, EPERM},
    // programs
    Attempt{"execve", [] { return call(SYS_execve); }, EFAULT, EPERM},
    Attempt{"execveat", [] { return call(SYS_execveat, -1); }, EFAULT, EPERM},
    Attempt{"fork by clone", fork_raw, 0, EPERM},
    Attempt{"fork by clone3", fork_clone3, 0, ENOSYS},
    Attempt{"fork", [] { return child(::syscall(SYS_fork)); }, 0, EPERM},
    Attempt{"a thread in a new namespace", thread_with_namespace, EINVAL, EPERM},
    Attempt{"memory to execute", [] { return map(PROT_READ | PROT_EXEC); }, 0, EPERM},
    Attempt{"memory made executable", make_executable, 0, EPERM},
    // other processes
    Attempt{"ptrace", [] { return answer(::ptrace(PTRACE_PEEKUSER, -1, nullptr, nullptr)); }, ESRCH, EPERM},
    Attempt{"process_vm_readv", read_other_memory, 0, EPERM},
    Attempt{"kill", [] { return answer(::kill(::getpid(), 0)); }, 0, EPERM},
    Attempt{"tgkill of another", [] { return answer(::syscall(SYS_tgkill, 1, 1, 0)); }, 0, EPERM},
    Attempt{"pidfd_open", [] { return Fd(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0))) ? 0 : errno; }, 0,
            EPERM},
    Attempt{"prlimit of another", [] { return answer(::prlimit(1, RLIMIT_NOFILE, nullptr, nullptr)); }, 0, EPERM},
    Attempt{"setrlimit", raise_limit, 0, EPERM},
    // the network
    Attempt{"a Unix socket", [] { return socket_of(AF_UNIX, SOCK_STREAM); }, 0, EPERM},
    Attempt{"a TCP socket", [] { return socket_of(AF_INET, SOCK_STREAM); }, 0, EPERM},
    Attempt{"a netlink socket", [] { return socket_of(AF_NETLINK, SOCK_RAW); }, 0, EPERM},
    Attempt{"a socket pair", pair, 0, EPERM},
    Attempt{"connect", [] { return answer(::connect(-1, nullptr, 0)); }, EBADF, EPERM},
    Attempt{"bind", [] { return answer(::bind(-1, nullptr, 0)); }, EBADF, EPERM},
    Attempt{"accept", [] { return answer(::accept(-1, nullptr, nullptr)); }, EBADF, EPERM},
    // rights
    Attempt{"setuid", [] { return answer(::setresuid(::getuid(), ::geteuid(), ::getuid())); }, 0, EPERM},
    Attempt{"capset", [] { return answer(::syscall(SYS_capset, nullptr, nullptr)); }, EFAULT, EPERM},
    Attempt{"prctl", [] { return answer(::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0)); }, 0, EPERM},
    Attempt{"unshare", [] { return answer(::unshare(0)); }, 0, EPERM},
    Attempt{"setns", [] { return answer(::setns(-1, 0)); }, EBADF, EPERM},
    Attempt{"personality", [] { return answer(::syscall(SYS_personality, 0xffffffff)); }, 0, EPERM},
    Attempt{"seccomp", [] { return answer(::syscall(SYS_seccomp, 99, 0, nullptr)); }, EINVAL, EPERM},
    // what the kernel has had holes in
    Attempt{"bpf", [] { return answer(::syscall(SYS_bpf, -1, nullptr, 0)); }, EINVAL, EPERM},
    Attempt{"io_uring_setup", [] { return answer(::syscall(SYS_io_uring_setup, 0, nullptr)); }, EFAULT, EPERM},
    Attempt{"userfaultfd", [] { return answer(::syscall(SYS_userfaultfd, 0xff)); }, EINVAL, EPERM},
    Attempt{"perf_event_open", [] { return answer(::syscall(SYS_perf_event_open, nullptr, 0, 0, -1, 0)); }, EFAULT,
            EPERM},
    Attempt{"keyctl", [] { return call(SYS_keyctl); }, EINVAL, EPERM},
    Attempt{"landlock_create_ruleset", [] { return answer(::syscall(SYS_landlock_create_ruleset, nullptr, 0, 1)); }, 0,
            EPERM},
    // the allowed calls' other arguments
    Attempt{"typing into a terminal", [] { return ioctl_on_pipe(TIOCSTI); }, ENOTTY, EPERM},
    Attempt{"signals from a descriptor", set_owner, 0, EPERM},
};

} // namespace

std::span<const Attempt> attempts() {
    return kAttempts;
}

} // namespace owhale::test
