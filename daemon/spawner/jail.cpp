// The jail: from the clone to the exec, in one order, on one screen (enter_jail). Each step is named; a failure is told
// with its step and errno and ends the run before anything of the command ran. Nothing is skipped.
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <string_view>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>
#include <vector>

#include "spawner/approved.hpp"
#include "spawner/channel.hpp"
#include "spawner/child.hpp"
#include "spawner/command.hpp"
#include "spawner/credentials.hpp"
#include "spawner/handed_over.hpp"
#include "spawner/jail_plan.hpp"
#include "spawner/landlock.hpp"
#include "spawner/mounts.hpp"
#include "spawner/plan_bytes.hpp"
#include "spawner/warden.hpp"

namespace owhale::spawner {
namespace {

char* arguments = nullptr;
std::size_t arguments_size = 0;

void rename_process() {
    constexpr std::string_view kName = "owhale-warden";
    ::prctl(PR_SET_NAME, kName.data(), 0, 0, 0);
    if (arguments_size <= kName.size()) return;
    std::memset(arguments, 0, arguments_size);
    std::memcpy(arguments, kName.data(), kName.size());
}

// Everything but what the plan names is closed: above all the other ends of our own channels, and other runs' pipes.
int close_others(const JailPlan& plan) {
    std::array<int, 160> keep{};
    std::size_t count = 0;
    const auto add = [&](int fd) {
        if (fd > STDERR_FILENO && count < keep.size()) keep[count++] = fd;
    };
    for (const int fd : {plan.setup, plan.report, plan.in, plan.out, plan.err}) add(fd);
    for (const int fd : plan.join) add(fd);
    for (const auto& op : plan.mounts) add(op.tree.get());
    add(plan.box.get());
    if (count == keep.size()) return EMFILE;
    std::sort(keep.begin(), keep.begin() + static_cast<std::ptrdiff_t>(count));
    unsigned from = STDERR_FILENO + 1;
    for (std::size_t i = 0; i < count; ++i) {
        const auto fd = static_cast<unsigned>(keep[i]);
        if (fd > from && ::close_range(from, fd - 1, 0) != 0) return errno;
        from = fd + 1;
    }
    return result(::close_range(from, ~0u, 0));
}

// pid 1 of a namespace sees no parent to compare with getppid: the spawner's end of `setup` tells whether it died before
// the death signal was asked for.
int die_with_spawner(int setup) {
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return errno;
    pollfd end{setup, 0, 0};
    if (::poll(&end, 1, 0) < 0) return errno;
    return (end.revents & (POLLHUP | POLLERR)) != 0 ? EOWNERDEAD : 0;
}

int reset_signals() {
    struct sigaction action{};
    action.sa_handler = SIG_DFL;
    for (int signal = 1; signal < NSIG; ++signal)
        if (signal != SIGKILL && signal != SIGSTOP) ::sigaction(signal, &action, nullptr); // EINVAL: libc's own two
    return 0;
}

int raise_loopback(bool net_host) {
    if (net_host) return 0;
    const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket) return errno;
    ifreq request{};
    std::strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    return result(::ioctl(socket.get(), SIOCSIFFLAGS, &request));
}

// A terminal of the run's own devpts: /dev/pts/0 in the cage. The master goes to the broker by way of the spawner.
int open_terminal(Child& child) {
    if (!child.plan->tty) return 0;
    child.detail.set("/dev/pts/ptmx");
    child.master = ::open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (child.master < 0) return errno;
    int unlock = 0;
    if (::ioctl(child.master, TIOCSPTLCK, &unlock) != 0) return errno;
    child.slave = ::ioctl(child.master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (child.slave < 0) return errno;
    const winsize size{child.plan->rows, child.plan->cols, 0, 0};
    if (child.plan->rows != 0 && ::ioctl(child.master, TIOCSWINSZ, &size) != 0) return errno;
    child.message.kind = Message::terminal;
    const std::array<int, 1> fds{child.master};
    if (!send_packet(child.setup, &child.message, sizeof child.message, fds)) return EPIPE;
    ::close(child.master);
    return 0;
}

[[noreturn]] void start_command(Child& child, pid_t spawner) {
    const auto& plan = *child.plan;
    rename_process();
    let_command_execute(child);
    ::close(plan.setup);
    ::close_range(0, STDERR_FILENO, 0);
    for (const int fd : {plan.in, plan.out, plan.err, child.slave})
        if (fd >= 0) ::close(fd); // or a reader of the output would wait for the warden
    keep_watch(child.command, spawner, plan);
}

// What does not depend on the command, and is made ahead of it in jails that wait for one.
void build(Child& child) {
    const auto& plan = *child.plan;
    child.step(Step::descriptors, close_others(plan));
    child.step(Step::idmaps, await_go(plan.setup));
    child.step(Step::ids, set_ids(plan.uid, plan.gid, plan.groups, plan.set_groups));
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); // a change of ids sets it to fs.suid_dumpable
    child.step(Step::parent, die_with_spawner(plan.setup));
    reset_signals();
    ::setsid();
    child.step(Step::network,
               plan.scoped ? hand_over_network(plan, child.message, child.detail) : raise_loopback(plan.net_host));
    child.step(Step::hostname, result(::sethostname(plan.hostname.data(), plan.hostname.size())));
    rename_process(); // what is made from here on looks like it
    child.step(Step::mounts, hand_over_namespaces(plan, child.message));
    child.step(Step::root, make_root(child.root, child.detail));
    child.step(Step::system, mount_system(child.root, plan, child.detail));
    child.step(Step::devices, mount_devices(child.root, plan, child.detail));
    child.step(Step::proc, mount_proc(child.root, child.detail));
}

[[noreturn]] void furnish(Child& child) {
    const auto& plan = *child.plan;
    child.step(Step::view, mount_view(child.root, plan, child.detail));
    child.step(Step::approved, bind_approved(child.root, plan, child.detail));
    if (!child.entered) child.step(Step::pivot, enter_root(child.root, child.detail));
    child.step(Step::pivot, seal_root(child.detail));
    ::close(child.root);
    child.step(Step::listener, hand_over_listeners(plan, child.message, child.detail));
    child.step(Step::terminal, open_terminal(child));
    child.step(Step::capabilities, give_up_privilege());
    child.step(Step::undumpable, result(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)));
    child.step(Step::landlock, restrict_by_landlock(plan, child.ruleset));
    start_command(child, 0);
}

// Faults that would come later, each of which costs as much as many system calls: code, and some stack and heap.
int populate(dl_phdr_info* info, std::size_t, void*) {
    constexpr std::uintptr_t kPage = 4096;
    for (int i = 0; i < info->dlpi_phnum; ++i) {
        const auto& segment = info->dlpi_phdr[i];
        if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
        const auto from = (info->dlpi_addr + segment.p_vaddr) & ~(kPage - 1);
        const auto to = info->dlpi_addr + segment.p_vaddr + segment.p_memsz;
        ::madvise(reinterpret_cast<void*>(from), to - from,
                  MADV_POPULATE_READ); // Linux 5.14; without it they come later
    }
    return 0;
}

void take_memory() {
    ::dl_iterate_phdr(populate, nullptr);
    volatile char stack[16 << 10];
    for (std::size_t i = 0; i < sizeof stack; i += 1024) stack[i] = 0;
    std::vector<char> heap(32u << 10, 1);
    asm volatile("" : : "r"(heap.data()) : "memory");
}

} // namespace

void set_argument_area(char* begin, std::size_t size) {
    arguments = begin;
    arguments_size = size;
}

const char* name_of(Step step) {
    constexpr std::array kNames = {"clone",      "idmaps",   "descriptors", "ids",      "parent",  "network",
                                   "hostname",   "mounts",   "root",        "system",   "devices", "proc",
                                   "view",       "approved", "pivot",       "listener", "limits",  "capabilities",
                                   "undumpable", "landlock", "warden",      "terminal", "stdio",   "cwd",
                                   "intent",     "seccomp",  "exec"};
    static_assert(kNames.size() == kSteps);
    const auto index = static_cast<std::size_t>(step);
    return index < kNames.size() ? kNames[index] : "unknown";
}

#ifdef OWHALE_FAULTS
std::uint32_t step_to_fail() {
    const char* name = ::getenv("OWHALE_FAIL_STEP");
    for (int i = 0; name != nullptr && i < kSteps; ++i)
        if (std::string_view(name) == name_of(static_cast<Step>(i))) return static_cast<std::uint32_t>(i);
    return 0xffff;
}
#endif

// The order, and why:
//   ids before mounts      every path below is opened with the requester's rights, not with uid 0's ownership;
//                          the namespace does not map uid 0, so the change keeps the capabilities over the namespace
//   namespaces after ids   their descriptors are for `exec`, which enters them again
//   approved last of them  what was agreed to covers whatever the view shows at its path
//   listener after pivot   its name is the one that the cage knows; before landlock, which lets nothing be bound there
//   capabilities late      mounts, network and pivot need them; nothing after does
//   undumpable after ids   a change of ids resets it
//   landlock last          it lets nothing be mounted or bound; warden and command have domains of their own, by one ruleset
// And in the command's process (command.cpp), which is made before the view and has all of the above but its own privileges:
//   seccomp first          after the capabilities, which it needs no more; all that it then still does is what a command may do
//   limits                 of the command alone, and after all mounts: a file-size limit must not cut their small writes
//   intent last            the log is written while the cage is built; what comes after takes no time
void enter_jail(const JailPlan& plan) {
    Child child{&plan, plan.setup};
    build(child);
    make_command(child);
    furnish(child);
}

// What was not there yet is as it was when the plan came: whoever prepared this looks whether it still is.
void wait_in_jail(const JailPlan& plan) {
    Child child{&plan, plan.setup};
    take_memory();
    build(child);
    ::prctl(PR_SET_NAME, "owhale-jail", 0, 0, 0);
    // Parts of later steps that need no plan. Of the host's tree nothing is needed any more: key_of() leaves such plans out.
    if (const int err = enter_root(child.root, child.detail); err != 0) child.fail(Step::pivot, err);
    child.entered = true;
    make_command(child);
    child.message.kind = Message::prepared;
    if (!send_packet(plan.setup, &child.message, sizeof child.message, {})) ::_exit(0);
    const auto furnished = receive_plan(plan);
    // The spawner needs it no more, or has taken it for a command with another filter than its own has loaded.
    if (!furnished || furnished->filter != plan.filter) ::_exit(0);
    child.plan = furnished.get();
    furnish(child);
}

// `exec`: the namespaces of a running run instead of new ones. User first (it gives the rights over the others), mount
// last (its root becomes ours).
void join_jail(const JailPlan& plan) {
    Child child{&plan, plan.setup};
    child.step(Step::descriptors, close_others(plan));
    child.step(Step::idmaps, await_go(plan.setup));
    const pid_t spawner = ::getppid();
    const Fd self(::open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC)); // of the host's /proc, by our number there
    for (const int ns : plan.join) child.step(Step::mounts, result(::setns(ns, 0)));
    child.step(Step::ids, set_ids(plan.uid, plan.gid, plan.groups, plan.set_groups));
    child.step(Step::parent, die_with_spawner(plan.setup));
    reset_signals();
    ::setsid();
    rename_process();
    make_command(child);
    child.step(Step::approved, bind_approved_alone(plan, child.detail));
    child.step(Step::approved, hand_over_own_mounts(plan, child.message, self.get()));
    child.step(Step::terminal, open_terminal(child));
    child.step(Step::capabilities, give_up_privilege());
    child.step(Step::undumpable, result(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)));
    child.step(Step::landlock, restrict_by_landlock(plan, child.ruleset));
    start_command(child, spawner);
}

} // namespace owhale::spawner
