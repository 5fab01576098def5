#include "spawner/runs.hpp"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <linux/sched.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "spawner/channel.hpp"
#include "spawner/disks.hpp"
#include "spawner/processes.hpp"
#include "spawner/warden.hpp"

namespace owhale::spawner {
namespace {

constexpr std::uint64_t kNamespaces = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS;
constexpr std::uint32_t kUser = 1, kPid = 2, kMount = 4, kNet = 8, kIpc = 16, kUts = 32,
                        kCgroup = 64; // as plan.hpp says
constexpr std::size_t kMaxMembers = 65536;
constexpr std::size_t kMaxMountinfo = 4u << 20;

struct Pipe {
    Fd read, write;
};

Result<Pipe> make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("pipe");
    return Pipe{Fd(ends[0]), Fd(ends[1])};
}

// A pipe belongs to the filesystem uid of its maker, and `echo >/dev/stderr` opens it anew by /proc: it must be the run's.
Result<Pipe> make_pipe_of(const JailPlan& plan) {
    if (!plan.set_groups) return make_pipe(); // rootless: there is one uid
    ::setfsgid(plan.gid);
    ::setfsuid(plan.uid);
    auto pipe = make_pipe();
    ::setfsuid(0);
    ::setfsgid(0);
    return pipe;
}

Status write_proc(pid_t pid, const char* file, const std::string& text) {
    const auto path = "/proc/" + std::to_string(pid) + "/" + file;
    const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd) return fail_errno(path);
    return write_all(fd.get(), text);
}

// Each id maps onto itself, and no other exists inside.
Status write_id_maps(pid_t pid, const JailPlan& plan) {
    const auto line = [](std::uint32_t id) { return std::to_string(id) + " " + std::to_string(id) + " 1\n"; };
    if (!plan.set_groups) CHECK(write_proc(pid, "setgroups", "deny"));
    auto gids = line(plan.gid);
    for (const auto group : plan.groups)
        if (plan.set_groups) gids += line(group);
    CHECK(write_proc(pid, "gid_map", gids));
    return write_proc(pid, "uid_map", line(plan.uid));
}

// Nothing stands in for it: a disk that it does not hold on is a run that does not start.
Status hold_disks(const Run& run) {
    std::vector<std::string> folders;
    for (const auto& op : run.plan->mounts) {
        if (!op.host.empty()) folders.push_back(op.host);
        if (op.kind == wire::MountKind::system) folders.push_back(op.source);
    }
    const auto text = TRY(read_file("/proc/self/mountinfo", kMaxMountinfo));
    const auto rate = std::to_string(run.limits.io);
    for (const auto& disk : TRY(disks_behind(folders, read_mountinfo(text))))
        if (const int err = run.cgroup.set("io.max", disk + " rbps=" + rate + " wbps=" + rate); err != 0)
            return fail_errno("limits.io cannot be held on the disk " + disk, err);
    return {};
}

Status set_cgroup_limits(Run& run, std::uint32_t controllers) {
    if ((controllers & 1) != 0) {
        if (const int err = run.cgroup.set("memory.max", std::to_string(run.limits.memory)); err != 0)
            return fail_errno("memory.max", err);
        (void)run.cgroup.set("memory.swap.max", "0"); // absent without swap accounting: memory.max alone holds then
        (void)run.cgroup.set("memory.oom.group", "1");
    }
    if ((controllers & 2) != 0)
        if (const int err = run.cgroup.set("pids.max", std::to_string(run.limits.pids + 1)); err != 0)
            return fail_errno("pids.max", err); // and the warden
    if ((controllers & 4) != 0 && run.limits.cpu_milli != 0)
        if (const int err = run.cgroup.set("cpu.max", std::to_string(run.limits.cpu_milli * 100) + " 100000"); err != 0)
            return fail_errno("cpu.max", err);
    if ((controllers & wire::kIoController) != 0 && run.limits.io != 0) CHECK(hold_disks(run));
    return {};
}

// A run that may ask for runs has its own processes in a leaf: a cgroup that hands controllers down may hold none itself
// (cgroups(7), the no-internal-processes rule). Its limits stand above both.
Status make_cgroups(Run& run, const Run* above, const std::string& base, std::uint32_t controllers) {
    const auto& parent = above != nullptr ? above->cgroup.path() : base;
    if (parent.empty()) return {};
    run.cgroup = TRY(Cgroup::create(parent, "run-" + std::to_string(run.number)));
    if (run.joined == 0) CHECK(set_cgroup_limits(run, controllers));
    if (!run.may_run()) return {};
    enable_controllers(run.cgroup.path());
    run.leaf = TRY(Cgroup::create(run.cgroup.path(), "main"));
    return {};
}

void remove_cgroups(const Run& run) {
    if (run.leaf) run.leaf.remove();
    if (run.cgroup) run.cgroup.remove();
}

std::uint32_t limits_by(const Run& run, std::uint32_t controllers) {
    std::uint32_t by = (controllers & 1) != 0 ? 1 : 2;
    by |= (controllers & 2) != 0 ? 4 : 8;
    if (run.limits.cpu_milli != 0) by |= (controllers & 4) != 0 ? 16 : 32;
    if (run.limits.io != 0 && (controllers & wire::kIoController) != 0) by |= 64;
    return by;
}

void fill_started(Run& run, bool idmapped, std::uint32_t controllers) {
    auto& s = run.started;
    s = make<wire::RunStarted>(wire::Type::run_started);
    s.run = run.number;
    s.warden_pid = run.pid;
    s.namespaces = kUser | kPid | kMount | kIpc | kUts | kCgroup | (run.plan->net_host ? 0 : kNet);
    s.landlock_abi = static_cast<std::uint32_t>(run.plan->landlock_abi);
    s.cgroup = !run.cgroup ? 0 : (controllers & 3) == 3 ? 2 : 1;
    s.limits_by = limits_by(run, controllers);
    std::copy(run.plan->filter->digest.begin(), run.plan->filter->digest.end(), s.filter_digest);
    s.idmapped = idmapped ? 1 : 0;
}

void send_go(const Run& run) {
    const char go = 1;
    (void)::send(run.setup.get(), &go, 1, MSG_NOSIGNAL);
}

pid_t clone_jail([[maybe_unused]] const JailPlan& plan, std::uint64_t flags, int& pidfd, int cgroup) {
#ifdef OWHALE_FAULTS
    if (plan.fail_step == static_cast<std::uint32_t>(Step::clone)) {
        errno = EDOM;
        return -1;
    }
#endif
    return clone_process(flags, &pidfd, cgroup);
}

void add_children(int pid, std::vector<int>& pids) {
    std::error_code gone;
    for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", gone)) {
        const auto text = read_file(task.path().string() + "/children", 1 << 20).value_or("");
        const char* at = text.data();
        const char* const end = at + text.size();
        for (int child = 0; at < end && pids.size() < kMaxMembers;) {
            const auto [next, error] = std::from_chars(at, end, child);
            if (error != std::errc{}) break;
            pids.push_back(child);
            at = next + 1;
        }
    }
}

} // namespace

Result<std::unique_ptr<Run>> start_run(Admitted admitted, const wire::Run& message, const Run* above,
                                       const std::string& cgroup_base, std::uint32_t controllers) {
    const auto* join = message.join != 0 ? above : nullptr;
    auto run = std::make_unique<Run>();
    run->number = message.run;
    run->joined = message.join;
    if (join == nullptr && above != nullptr) run->parent = above->number;
    run->began_ns = monotonic_ns();
    run->plan = std::move(admitted.plan);
    run->limits = admitted.limits;
    run->uid = run->plan->uid;
    run->tty = run->plan->tty;
    run->wants_stdin = (message.flags & wire::kRunStdin) != 0 && !run->tty;
    auto& plan = *run->plan;

    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return fail_errno("socketpair");
    run->setup.reset(pair[0]);
    const Fd setup(pair[1]);
    auto report = TRY(make_pipe());
    Pipe in, out, err;
    if (!run->tty) {
        if (run->wants_stdin) in = TRY(make_pipe_of(plan));
        out = TRY(make_pipe_of(plan));
        err = TRY(make_pipe_of(plan));
    }
    plan.setup = setup.get();
    plan.report = report.write.get();
    plan.in = in.read.get();
    plan.out = out.write.get();
    plan.err = err.write.get();

    if (const auto made = make_cgroups(*run, above, cgroup_base, controllers); !made) {
        remove_cgroups(*run);
        return std::unexpected(made.error());
    }
    if (join != nullptr)
        for (std::size_t i = 0; i < join->namespaces.size(); ++i)
            // The host's network is where the child is already, and nobody's to enter from a namespace of ids.
            if (i != kNetworkNamespace || !join->plan->net_host) plan.join.push_back(join->namespaces[i].get());

    int pidfd = -1;
    const auto flags =
        join != nullptr ? 0 : kNamespaces | (plan.net_host ? 0u : static_cast<std::uint64_t>(CLONE_NEWNET));
    run->pid = clone_jail(plan, flags, pidfd, run->leaf ? run->leaf.fd() : run->cgroup ? run->cgroup.fd() : -1);
    if (run->pid == 0) join != nullptr ? join_jail(plan) : enter_jail(plan);
    if (run->pid < 0) {
        const int errnum = errno;
        remove_cgroups(*run);
        Error error{Code::jail_failed, "clone3", {}, errnum, "clone"};
        return std::unexpected(std::move(error));
    }
    run->warden.reset(pidfd);
    run->report = std::move(report.read);
    run->in = std::move(in.write);
    run->out = std::move(out.read);
    run->err = std::move(err.read);
    fill_started(*run, admitted.idmapped, controllers);
    if (join == nullptr) {
        if (auto maps = write_id_maps(run->pid, plan); !maps) {
            send_signal(pidfd, SIGKILL);
            run->failed = true;
            run->last.kind = Message::failure;
            run->last.step = static_cast<std::uint32_t>(Step::idmaps);
            run->last.err = maps.error().errnum;
            return run; // its end is reported as that of every run
        }
    }
    for (auto& op : plan.mounts) op.tree.reset();
    if (run->limits.wall_ms != 0)
        run->wall_deadline_ns = run->began_ns + static_cast<std::int64_t>(run->limits.wall_ms) * 1'000'000;
    return run;
}

// Its child takes these in their order, whatever came first here.
void let_go(Run& run) {
    if (std::exchange(run.let_on, true)) return;
    send_go(run);
    if (run.recorded) send_go(run);
}

void let_execute(Run& run) {
    run.recorded = true;
    if (run.let_on) send_go(run);
}

void kill_run(Run& run, wire::EndReason reason) {
    if (run.reason == wire::EndReason::none) run.reason = reason;
    run.kill_deadline_ns = 0;
    run.killed = true;
    send_signal(run.warden.get(), SIGKILL);
    if (run.cgroup) run.cgroup.kill();
}

// Who may kill it, too, cannot put off an end that is on its way: neither another's kill nor its time's.
void Run::end_within(std::int64_t grace_ns, wire::EndReason why) {
    if (reason == wire::EndReason::none) reason = why;
    send_signal(warden.get(), SIGTERM);
    const auto due = monotonic_ns() + grace_ns;
    kill_deadline_ns = kill_deadline_ns == 0 ? due : std::min(kill_deadline_ns, due);
}

// SIGSTOP cannot be caught, and the warden's kill(-1) reaches all of its pid namespace in one turn of the kernel: no fork
// slips by (kill(2), NOTES). What runs below have their own wardens, and are told one by one.
wire::FrozenBy freeze_run(Run& run, bool still) {
    const auto now = monotonic_ns();
    const auto by = !still ? wire::FrozenBy::none : run.cgroup ? wire::FrozenBy::cgroup : wire::FrozenBy::signal;
    if ((run.frozen != wire::FrozenBy::none) == still) return run.frozen;
    if (run.cgroup)
        (void)run.cgroup.set("cgroup.freeze", still ? "1" : "0");
    else if (run.joined == 0)
        tell_warden(run.warden.get(), still);
    if (!still && run.wall_deadline_ns != 0) run.wall_deadline_ns += now - run.frozen_ns;
    run.frozen = by;
    run.frozen_ns = now;
    return by;
}

CgroupUsage Run::usage() const {
    if (!cgroup) return {};
    auto usage = cgroup.usage();
    usage.pids_refused = pids_refused_by_now();
    return usage;
}

// Before Linux 6.11 a refused fork counts in the cgroup of whoever forked, whichever limit it met.
std::uint32_t Run::pids_refused_by_now() const {
    return (cgroup ? cgroup.pids_refused() : 0) + (leaf ? leaf.pids_refused() : 0);
}

std::vector<int> members(const Run& run) {
    if (run.cgroup) return run.cgroup.members();
    std::vector<int> pids{run.pid};
    for (std::size_t i = 0; i < pids.size(); ++i) add_children(pids[i], pids);
    return pids;
}

std::uint64_t resident_bytes(const std::vector<int>& pids) {
    std::uint64_t kilobytes = 0;
    for (const int pid : pids) {
        const auto text = read_file("/proc/" + std::to_string(pid) + "/status", 8192).value_or("");
        for (const auto* key : {"RssAnon:", "RssShmem:"}) {
            const auto at = text.find(key);
            if (at != std::string::npos) kilobytes += std::strtoull(text.c_str() + at + std::strlen(key), nullptr, 10);
        }
    }
    return kilobytes * 1024;
}

} // namespace owhale::spawner
