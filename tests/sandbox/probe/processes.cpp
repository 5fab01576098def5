// Reaching processes outside the run: signals, tracing, memory, scheduling, shared memory; and that the run may do all of
// this to its own children.
#include <fcntl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "probe.hpp"

namespace owhale::probe {
namespace {

Outcome signal_nothing(pid_t pid) {
    return judge_use(kill(pid, 0), "kill(pid, 0)");
}

Outcome signal_thread(pid_t pid) {
    return judge_use(syscall(SYS_tgkill, pid, pid, 0), "tgkill(pid, 0)");
}

Outcome queue_signal(pid_t pid) {
    return judge_use(sigqueue(pid, 0, {}), "sigqueue(pid, 0)");
}

Outcome open_process(pid_t pid) {
    const long handle = syscall(SYS_pidfd_open, pid, 0);
    if (handle == -1) return judge_use(-1, "pidfd_open");
    return judge_use(syscall(SYS_pidfd_send_signal, handle, 0, nullptr, 0), "pidfd_send_signal");
}

Outcome take_descriptor(pid_t pid) {
    const long handle = syscall(SYS_pidfd_open, pid, 0);
    if (handle == -1) return judge_use(-1, "pidfd_open");
    return judge_use(syscall(SYS_pidfd_getfd, handle, 0, 0), "pidfd_getfd");
}

Outcome seize(pid_t pid) {
    const long result = ptrace(PTRACE_SEIZE, pid, nullptr, nullptr);
    const Outcome outcome = judge_use(result, "ptrace(SEIZE)");
    return outcome;
}

// Address 1 is mapped nowhere: EFAULT comes after the access check, ESRCH and EPERM from it.
Outcome touch_memory(pid_t pid, long call) {
    char byte = 0;
    iovec here{&byte, 1};
    iovec there{reinterpret_cast<void*>(1), 1};
    const long result = syscall(call, pid, &here, 1, &there, 1, 0);
    const int error = errno;
    if (result == -1 && error == ESRCH) return refused(error, "no such process");
    return judge_call(result, error, {EFAULT});
}

Outcome renice(pid_t pid) {
    errno = 0;
    const int now = getpriority(PRIO_PROCESS, static_cast<id_t>(pid));
    if (now == -1 && errno != 0) return judge_use(-1, "getpriority");
    return judge_use(setpriority(PRIO_PROCESS, static_cast<id_t>(pid), now), "setpriority");
}

Outcome limit(pid_t pid) {
    rlimit now{};
    return judge_use(prlimit(pid, RLIMIT_NOFILE, nullptr, &now), "prlimit");
}

// Whole other run: pid 1 of the namespace is the warden. It ignores what it does not handle, but it must not be traced.
Outcome seize_init() {
    return seize(1);
}

Outcome own_child(bool trace) {
    const pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    if (child == -1) return unclear(errno, "cannot fork");
    const Outcome outcome = trace ? seize(child) : touch_memory(child, SYS_process_vm_readv);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    return outcome;
}

// ARG is the key of a segment that the host made for everyone.
Outcome attach_segment(const std::string& key) {
    return judge_use(shmget(static_cast<key_t>(std::stol(key)), 1, 0), "shmget");
}

Outcome open_posix_shm(const std::string& path) {
    const auto slash = path.rfind('/');
    return judge_use(shm_open(path.substr(slash).c_str(), O_RDONLY, 0), "shm_open " + path.substr(slash));
}

Outcome own_terminal() {
    const int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    return judge_use(terminal, "open /dev/tty");
}

// A session leader outside the namespace reads as 0.
Outcome host_session() {
    const pid_t session = getsid(0);
    if (session == 0) return could("in a session that began outside");
    return refused(0, "in session " + std::to_string(session));
}

void add_host(Probes& probes, const char* name, Outcome (*attempt)(pid_t)) {
    probes.push_back(with_argument(
        ask_user(name, [attempt](const std::string& text) { return attempt(static_cast<pid_t>(std::stol(text))); }),
        "host-pid"));
}

} // namespace

void add_processes(Probes& probes) {
    add_host(probes, "signal-host-process", signal_nothing);
    add_host(probes, "tgkill-host-process", signal_thread);
    add_host(probes, "sigqueue-host-process", queue_signal);
    add_host(probes, "pidfd-signal-host-process", open_process);
    add_host(probes, "pidfd-getfd-host-process", take_descriptor);
    add_host(probes, "ptrace-host-process", seize);
    add_host(probes, "read-host-memory", [](pid_t pid) { return touch_memory(pid, SYS_process_vm_readv); });
    add_host(probes, "write-host-memory", [](pid_t pid) { return touch_memory(pid, SYS_process_vm_writev); });
    add_host(probes, "renice-host-process", renice);
    add_host(probes, "prlimit-host-process", limit);
    probes.push_back(ask_own_init("ptrace-init", [](const std::string&) { return seize_init(); }));
    probes.push_back(
        ask_own_init("read-init-memory", [](const std::string&) { return touch_memory(1, SYS_process_vm_readv); }));
    probes.push_back(ask_own_init("pidfd-getfd-init", [](const std::string&) { return take_descriptor(1); }));
    probes.push_back(permitted(ask_user("ptrace-own-child", [](const std::string&) { return own_child(true); })));
    probes.push_back(permitted(ask_user("read-own-child", [](const std::string&) { return own_child(false); })));
    probes.push_back(with_argument(ask_user("sysv-shared-memory", attach_segment), "host-shm-key"));
    probes.push_back(with_argument(ask_user("posix-shared-memory", open_posix_shm), "host-shm-file"));
    Probe terminal = run_alone(ask_user("host-terminal", [](const std::string&) { return own_terminal(); }));
    terminal.control = Control::terminal;
    probes.push_back(terminal);
    probes.push_back(ask_own_init("host-session", [](const std::string&) { return host_session(); }));
}

} // namespace owhale::probe
