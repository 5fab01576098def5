#include "confine/filter.hpp"

#include <array>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <string_view>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>
#include <vector>

namespace owhale {
namespace {

// What Boost.Asio, SQLite, libsodium and glibc's threads and memory need. Landlock bounds what openat() reaches.
constexpr std::array kAllowed = {
    // memory
    "brk", "munmap", "mremap", "madvise", "mlock", "munlock",
    // open files
    "read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "lseek", "close", "fstat", "dup",
    "dup3", "fsync", "fdatasync", "ftruncate", "fallocate", "flock", "getdents64", "fchmod", "fadvise64",
    // paths
    "openat", "newfstatat", "statx", "access", "faccessat", "faccessat2", "readlink", "readlinkat", "getcwd", "umask",
    "unlink", "unlinkat", "rename", "renameat", "renameat2", "mkdir", "mkdirat", "rmdir", "statfs", "fstatfs",
    // descriptors without a file
    "pipe", "pipe2", "eventfd2", "memfd_create", "timerfd_create", "timerfd_settime", "timerfd_gettime", "epoll_create",
    "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "poll", "ppoll", "select", "pselect6",
    // sockets that others made
    "sendmsg", "recvmsg", "sendto", "recvfrom", "shutdown", "getsockopt", "setsockopt", "getsockname", "getpeername",
    // signals
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "signalfd4", "restart_syscall",
    // threads
    "futex", "set_robust_list", "rseq", "sched_yield", "sched_getaffinity", "exit", "exit_group",
    // time, identity, randomness
    "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time", "getpid", "gettid",
    "getppid", "getuid", "geteuid", "getgid", "getegid", "uname", "sysinfo", "getrusage", "getrandom"};

constexpr std::array<unsigned long, 15> kFcntl = {
    F_DUPFD_CLOEXEC, F_GETFD,     F_SETFD,      F_GETFL,     F_SETFL,     F_GETLK,      F_SETLK,     F_SETLKW,
    F_OFD_GETLK,     F_OFD_SETLK, F_OFD_SETLKW, F_ADD_SEALS, F_GET_SEALS, F_GETPIPE_SZ, F_SETPIPE_SZ};
// Not TIOCSTI: typing into the terminal that owhaled was started from.
constexpr std::array<unsigned long, 5> kIoctl = {FIONBIO, FIONREAD, TCGETS, TIOCGWINSZ, TIOCSWINSZ};

constexpr unsigned long kSocketType = ~static_cast<unsigned long>(SOCK_CLOEXEC | SOCK_NONBLOCK);

constexpr unsigned long kThread = CLONE_THREAD | CLONE_VM | CLONE_SIGHAND;
constexpr unsigned long kNamespaces =
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

// A system call that is answered with `action` when every comparison holds.
struct Rule {
    std::string_view name;
    std::uint32_t action;
    std::vector<scmp_arg_cmp> comparisons;
};

scmp_arg_cmp equal(unsigned argument, unsigned long value) {
    return SCMP_CMP(argument, SCMP_CMP_EQ, value);
}
scmp_arg_cmp masked(unsigned argument, unsigned long mask, unsigned long value) {
    return SCMP_CMP(argument, SCMP_CMP_MASKED_EQ, mask, value);
}

// No bind, no listen; no raw, packet or netlink socket, none of AF_UNIX, and no datagrams of ICMP.
void add_connecting(std::vector<Rule>& all) {
    for (const int family : {AF_INET, AF_INET6})
        for (const auto& [type, protocol] : {std::pair(SOCK_STREAM, IPPROTO_TCP), std::pair(SOCK_DGRAM, IPPROTO_UDP)})
            for (const int given : {0, static_cast<int>(protocol)})
                all.push_back({"socket",
                               SCMP_ACT_ALLOW,
                               {equal(0, static_cast<unsigned long>(family)),
                                masked(1, kSocketType, static_cast<unsigned long>(type)),
                                equal(2, static_cast<unsigned long>(given))}});
    for (const char* name : {"connect", "accept4"}) all.push_back({name, SCMP_ACT_ALLOW, {}});
}

std::vector<Rule> rules(bool connects) {
    std::vector<Rule> all;
    if (connects) add_connecting(all);
    for (const char* name : kAllowed) all.push_back({name, SCMP_ACT_ALLOW, {}});
    // No memory that is both data and code, now or later.
    for (const char* name : {"mmap", "mprotect"}) all.push_back({name, SCMP_ACT_ALLOW, {masked(2, PROT_EXEC, 0)}});
    all.push_back({"clone", SCMP_ACT_ALLOW, {masked(0, kThread | kNamespaces, kThread)}});
    // Its flags lie in memory, where no filter sees them; std::thread falls back to clone on ENOSYS, not on EPERM.
    all.push_back({"clone3", SCMP_ACT_ERRNO(ENOSYS), {}});
    for (const auto command : kFcntl) all.push_back({"fcntl", SCMP_ACT_ALLOW, {equal(1, command)}});
    for (const auto command : kIoctl) all.push_back({"ioctl", SCMP_ACT_ALLOW, {equal(1, command)}});
    // abort() signals itself; reading one's own limits, not setting them.
    all.push_back({"tgkill", SCMP_ACT_ALLOW, {equal(0, static_cast<unsigned long>(::getpid()))}});
    all.push_back({"prlimit64", SCMP_ACT_ALLOW, {equal(0, 0), equal(2, 0)}});
    // The thread that hashes passwords yields to the one that answers (identity/hasher.cpp): its own niceness, upwards.
    all.push_back({"setpriority", SCMP_ACT_ALLOW, {equal(0, PRIO_PROCESS), equal(1, 0), equal(2, 10)}});
    return all;
}

std::unexpected<Error> refused(std::string_view what, int code) {
    return fail_errno(what, -code);
}

} // namespace

void Filter::Release::operator()(void* context) const {
    ::seccomp_release(context);
}

Result<Filter> Filter::prepare(bool connects, const SanitizerNeeds& needs) {
    Filter filter(::seccomp_init(SCMP_ACT_ERRNO(EPERM)));
    if (!filter.context_) return fail_errno("seccomp_init", ENOMEM);
    // confine() sets no_new_privs itself. A 32-bit or x32 entry is no mistake of ours: the process ends.
    if (const int code = ::seccomp_attr_set(filter.context_.get(), SCMP_FLTATR_CTL_NNP, 0); code != 0)
        return refused("no_new_privs", code);
    if (const int code = ::seccomp_attr_set(filter.context_.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
        code != 0)
        return refused("architecture", code);
    auto all = rules(connects);
    for (const auto& [name, comparisons] : needs.calls) all.push_back({name, SCMP_ACT_ALLOW, comparisons});
    for (const auto& [name, action, comparisons] : all) {
        const int number = ::seccomp_syscall_resolve_name(std::string(name).c_str());
        if (number == __NR_SCMP_ERROR) return fail_errno(name, ENOSYS);
        const int code = ::seccomp_rule_add_array(filter.context_.get(), action, number,
                                                  static_cast<unsigned>(comparisons.size()), comparisons.data());
        if (code != 0) return refused(name, code);
    }
    return filter;
}

Status Filter::load() const {
    if (const int code = ::seccomp_load(context_.get()); code != 0) return refused("seccomp_load", code);
    return {};
}

} // namespace owhale
