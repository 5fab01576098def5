// From an admitted plan to a run: a jail is cloned for it, or has been waiting.
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <linux/sched.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "spawner/channel.hpp"
#include "spawner/disks.hpp"
#include "spawner/id_maps.hpp"
#include "spawner/plan_bytes.hpp"
#include "spawner/processes.hpp"
#include "spawner/run_starts.hpp"

namespace owhale::spawner {
namespace {

constexpr std::uint32_t kUser = 1, kPid = 2, kMount = 4, kNet = 8, kIpc = 16, kUts = 32,
                        kCgroup = 64; // as plan.hpp says
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

Status set_cgroup_limits(const Run& run, std::uint32_t controllers) {
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

pid_t clone_jail([[maybe_unused]] const JailPlan& plan, std::uint64_t flags, int& pidfd, int cgroup) {
#ifdef OWHALE_FAULTS
    if (plan.fail_step == static_cast<std::uint32_t>(Step::clone)) {
        errno = EDOM;
        return -1;
    }
#endif
    return clone_process(flags, &pidfd, cgroup);
}

struct Ends { // of the command's pipes
    Pipe in, out, err;
};

Result<Ends> make_ends(const Run& run) {
    Ends ends;
    if (run.tty) return ends;
    if (run.wants_stdin) ends.in = TRY(make_pipe_of(*run.plan));
    ends.out = TRY(make_pipe_of(*run.plan));
    ends.err = TRY(make_pipe_of(*run.plan));
    return ends;
}

std::unique_ptr<Run> make_run(Admitted& admitted, const wire::Run& message) {
    auto run = std::make_unique<Run>();
    run->number = message.run;
    run->joined = message.join;
    run->began_ns = monotonic_ns();
    run->plan = std::move(admitted.plan);
    run->limits = admitted.limits;
    run->uid = run->plan->uid;
    run->tty = run->plan->tty;
    run->wants_stdin = (message.flags & wire::kRunStdin) != 0 && !run->tty;
    if (run->limits.wall_ms != 0)
        run->wall_deadline_ns = run->began_ns + static_cast<std::int64_t>(run->limits.wall_ms) * 1'000'000;
    return run;
}

// What the jail has now is not kept open here.
void give_away(JailPlan& plan) {
    for (auto& op : plan.mounts) op.tree.reset();
    plan.box.reset();
}

} // namespace

// Each id maps onto itself, and no other exists inside.
Status write_id_maps(pid_t pid, std::uint32_t uid, std::uint32_t gid, const std::vector<std::uint32_t>& groups,
                     bool set_groups) {
    const auto line = [](std::uint32_t id) { return std::to_string(id) + " " + std::to_string(id) + " 1\n"; };
    if (!set_groups) CHECK(write_proc(pid, "setgroups", "deny"));
    auto gids = line(gid);
    for (const auto group : groups)
        if (set_groups) gids += line(group);
    CHECK(write_proc(pid, "gid_map", gids));
    return write_proc(pid, "uid_map", line(uid));
}

Result<std::unique_ptr<Run>> start_run(Admitted admitted, const wire::Run& message, const Run* above,
                                       const std::string& cgroup_base, std::uint32_t controllers) {
    const auto* join = message.join != 0 ? above : nullptr;
    auto run = make_run(admitted, message);
    if (join == nullptr && above != nullptr) run->parent = above->number;
    auto& plan = *run->plan;

    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return fail_errno("socketpair");
    run->setup.reset(pair[0]);
    const Fd setup(pair[1]);
    auto report = TRY(make_pipe());
    auto ends = TRY(make_ends(*run));
    plan.setup = setup.get();
    plan.report = report.write.get();
    plan.in = ends.in.read.get();
    plan.out = ends.out.write.get();
    plan.err = ends.err.write.get();

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
        join != nullptr ? 0 : kJailNamespaces | (plan.net_host ? 0u : static_cast<std::uint64_t>(CLONE_NEWNET));
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
    run->in = std::move(ends.in.write);
    run->out = std::move(ends.out.read);
    run->err = std::move(ends.err.read);
    fill_started(*run, admitted.idmapped, controllers);
    if (join == nullptr) {
        if (auto maps = write_id_maps(run->pid, plan.uid, plan.gid, plan.groups, plan.set_groups); !maps) {
            send_signal(pidfd, SIGKILL);
            run->failed = true;
            run->last.kind = Message::failure;
            run->last.step = static_cast<std::uint32_t>(Step::idmaps);
            run->last.err = maps.error().errnum;
            return run; // its end is reported as that of every run
        }
    }
    give_away(plan);
    return run;
}

std::optional<JailKey> key_of(const JailPlan& plan, const wire::Run& message, const Run* above) {
    constexpr std::size_t kRoom = kMaxPlanBytes - 16384; // for lengths and numbers
    if (message.join != 0 || above != nullptr || plan.daemon || !plan.host_ports.empty()) return {};
    std::size_t bytes = plan.program.size() + plan.cwd.size(), strings = 0, fds = 4;
    for (const auto* list : {&plan.argv, &plan.env})
        for (const auto& text : *list) bytes += text.size(), ++strings;
    for (const auto& op : plan.mounts) {
        // A jail that waits has left the host's tree, from which such a folder is taken.
        if (op.kind == wire::MountKind::system && (op.flags & wire::kMountPin) == 0) return {};
        bytes += op.source.size() + op.target.size(), strings += 6, fds += op.tree ? 1 : 0;
    }
    for (const auto& file : plan.approved) bytes += file.path.size(), strings += 10;
    if (bytes + 8 * strings > kRoom || fds > kMaxPlanFds) return {};
    return JailKey{plan.uid,      plan.gid,    plan.groups,   plan.set_groups,
                   plan.net_host, plan.scoped, plan.hostname, plan.filter->name};
}

Result<std::unique_ptr<Run>> start_prepared(Admitted admitted, const wire::Run& message, Prepared& jail,
                                            std::uint32_t controllers) {
    auto run = make_run(admitted, message);
    auto& plan = *run->plan;
    auto ends = TRY(make_ends(*run));
    run->cgroup = std::move(jail.cgroup);
    if (run->cgroup)
        if (auto held = set_cgroup_limits(*run, controllers); !held) {
            jail.cgroup = std::move(run->cgroup);
            return std::unexpected(held.error());
        }
    plan.in = ends.in.read.get();
    plan.out = ends.out.write.get();
    plan.err = ends.err.write.get();
    run->to_furnish = {pack_plan(plan), std::move(ends.in.read), std::move(ends.out.write), std::move(ends.err.write)};
    run->in = std::move(ends.in.write);
    run->out = std::move(ends.out.read);
    run->err = std::move(ends.err.read);
    run->pid = jail.pid;
    run->warden = std::move(jail.process);
    run->setup = std::move(jail.setup);
    run->report = std::move(jail.report);
    run->namespaces = std::move(jail.namespaces);
    run->networked = jail.networked;
    run->made = jail.made;
    run->network = std::move(jail.network);
    fill_started(*run, admitted.idmapped, controllers);
    return run;
}

namespace {

void send_go(const Run& run) {
    const char go = 1;
    (void)::send(run.setup.get(), &go, 1, MSG_NOSIGNAL);
}

// A jail that does not take it has ended, and its end says so.
void furnish(Run& run) {
    const auto fds = plan_fds(*run.plan);
    (void)send_packet(run.setup.get(), run.to_furnish.plan.data(), run.to_furnish.plan.size(), fds);
    run.to_furnish = {};
    give_away(*run.plan);
}

} // namespace

// Its child takes these in their order, whatever came first here.
void let_go(Run& run) {
    if (std::exchange(run.let_on, true)) return;
    run.to_furnish.plan.empty() ? send_go(run) : furnish(run);
    if (run.recorded) send_go(run);
}

void let_execute(Run& run) {
    run.recorded = true;
    if (run.let_on) send_go(run);
}

} // namespace owhale::spawner
