// New namespaces by every door: unshare, the flags of clone, setns into one that exists, and whether the run is in
// namespaces of its own at all.
#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "probe.hpp"

namespace owhale::probe {
namespace {

struct Kind {
    const char* name;
    unsigned long flag;
};

constexpr unsigned long kNewTime = 0x80;
constexpr Kind kKinds[] = {{"user", CLONE_NEWUSER},    {"mnt", CLONE_NEWNS},  {"pid", CLONE_NEWPID},
                           {"net", CLONE_NEWNET},      {"ipc", CLONE_NEWIPC}, {"uts", CLONE_NEWUTS},
                           {"cgroup", CLONE_NEWCGROUP}};
constexpr unsigned long kHighBits = 0xdeadUL << 32;

// Bit 0 belongs to no flag of unshare: the kernel answers EINVAL before it looks at rights.
Outcome unshare_badly(unsigned long flag) {
    const long result = syscall(SYS_unshare, flag | 1UL);
    return judge_call(result, errno, {EINVAL});
}

// CLONE_SIGHAND without CLONE_VM is EINVAL before any right is looked at (kernel/fork.c, copy_process).
Outcome clone_badly(unsigned long flag) {
    const long result = syscall(SYS_clone, flag | CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0);
    const int error = errno;
    if (result == 0) _exit(0);
    return judge_call(result, error, {EINVAL});
}

Outcome clone_new_user(unsigned long more) {
    const long child = syscall(SYS_clone, CLONE_NEWUSER | more | SIGCHLD, 0, 0, 0, 0);
    const int error = errno;
    if (child == 0) _exit(0);
    if (child > 0) waitpid(static_cast<pid_t>(child), nullptr, 0);
    return judge_call(child, error, {});
}

Outcome unshare_user() {
    const long result = syscall(SYS_unshare, CLONE_NEWUSER);
    return judge_call(result, errno, {});
}

std::string link_of(const std::string& path) {
    char text[256];
    const ssize_t length = readlink(path.c_str(), text, sizeof text);
    return length > 0 ? std::string(text, static_cast<std::size_t>(length)) : std::string();
}

// ARG is what the link reads outside.
Outcome same_namespace(const std::string& kind, const std::string& outside) {
    const std::string here = link_of("/proc/self/ns/" + kind);
    if (here.empty()) return unclear(errno, "cannot read /proc/self/ns/" + kind);
    if (here == outside) return could("shares the host's " + here);
    return refused(0, here + " is not the host's " + outside);
}

// Joining pid 1's namespace: the descriptor is what has to be denied.
Outcome open_ns_of_init(const std::string& kind) {
    return judge_use(open(("/proc/1/ns/" + kind).c_str(), O_RDONLY | O_CLOEXEC), "open /proc/1/ns/" + kind);
}

} // namespace

void add_namespaces(Probes& probes) {
    for (const Kind& kind : kKinds) {
        const std::string name = kind.name;
        const unsigned long flag = kind.flag;
        probes.push_back(ask_user("unshare-" + name, [flag](const std::string&) { return unshare_badly(flag); }));
        probes.push_back(ask_user("clone-" + name, [flag](const std::string&) { return clone_badly(flag); }));
        probes.push_back(ask_user("clone-" + name + "-high-bits",
                                  [flag](const std::string&) { return clone_badly(flag | kHighBits); }));
        probes.push_back(
            ask_own_init("setns-file-of-init-" + name, [name](const std::string&) { return open_ns_of_init(name); }));
        probes.push_back(
            with_argument(ask_user("own-namespace-" + name,
                                   [name](const std::string& outside) { return same_namespace(name, outside); }),
                          "namespace-" + name));
    }
    probes.push_back(ask_user("unshare-time", [](const std::string&) { return unshare_badly(kNewTime); }));
    probes.push_back(ask_user("unshare-user-high-bits",
                              [](const std::string&) { return unshare_badly(CLONE_NEWUSER | kHighBits); }));
    probes.push_back(ask_user("unshare-user-for-real", [](const std::string&) { return unshare_user(); }));
    probes.push_back(ask_user("clone-user-for-real", [](const std::string&) { return clone_new_user(0); }));
    probes.push_back(
        ask_user("clone-user-for-real-high-bits", [](const std::string&) { return clone_new_user(kHighBits); }));
}

} // namespace owhale::probe
