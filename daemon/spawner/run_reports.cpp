#include <algorithm>
#include <bit>
#include <csignal>
#include <cstring>
#include <poll.h>
#include <span>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "base/clock.hpp"
#include "spawner/processes.hpp"
#include "spawner/run_table.hpp"

namespace owhale::spawner {
namespace {

constexpr std::int64_t kWallGraceNs = 2'000'000'000;
constexpr std::size_t kMaxHandedOver = wire::kPieces + 2 * wire::kMaxHostPorts; // descriptors in one packet of a jail
constexpr std::uint32_t kBombRefusals = 64; // forks refused between two ticks: a bomb, not a busy build

void put_counted(wire::RunEnded& ended, const CgroupUsage& cgroup) {
    if (cgroup.disk_read && cgroup.disk_written) {
        ended.counted |= wire::kCountedDisk;
        ended.disk_read = *cgroup.disk_read;
        ended.disk_written = *cgroup.disk_written;
    }
    if (!cgroup.cpu_stalled || !cgroup.memory_stalled || !cgroup.io_stalled) return;
    ended.counted |= wire::kCountedStalls;
    ended.cpu_stalled_us = *cgroup.cpu_stalled;
    ended.memory_stalled_us = *cgroup.memory_stalled;
    ended.io_stalled_us = *cgroup.io_stalled;
}

} // namespace

Status RunTable::tell_started(Run& run) {
    run.phase = Phase::running;
    if (run.freeze_when_started) freeze_run(run, true);
    const auto base = static_cast<std::uint64_t>(run.began_ns);
    // Slots for the steps that a reader cares about: from `system` on, each a time since the Run message.
    constexpr int kSlots = std::size(decltype(run.started.step_ns){});
    static_assert(kSteps - kSlots == static_cast<int>(Step::system));
    for (int i = 0; i < kSlots; ++i) {
        const auto at = run.last.step_ns[i + kSteps - kSlots];
        run.started.step_ns[i] = at > base ? at - base : 0;
    }
    CHECK(tell_network(run));
    std::vector<int> fds;
    if (run.tty) {
        fds.push_back(run.master.get());
    } else {
        if (run.wants_stdin) fds.push_back(run.in.get());
        fds.push_back(run.out.get());
        fds.push_back(run.err.get());
    }
    const auto sent = loop_.send(run.started, fds);
    run.in.reset();
    run.out.reset();
    run.err.reset();
    run.master.reset();
    run.setup.reset();
    CHECK(sent);
    CHECK(go_on_with_those_that_wait());
    return run.daemon ? acceptor_.open_run(run.number, std::move(run.daemon), run.rights) : Status{};
}

// Its listeners go to the broker, and no copy stays here.
Status RunTable::tell_network(Run& run) const {
    if (!run.plan->scoped && !run.plan->ssh_agent) return {};
    const auto network = std::exchange(run.network, {});
    const auto agent = std::exchange(run.agent, {});
    auto message = make<wire::RunNetwork>(wire::Type::run_network);
    message.run = run.number;
    message.have = run.made.have | (agent.empty() ? 0u : 1u << static_cast<unsigned>(wire::Piece::ssh_agent));
    message.by_tproxy = run.made.by_tproxy;
    std::ranges::copy(run.made.err, message.err);
    std::vector<int> fds;
    for (const auto& fd : network) fds.push_back(fd.get());
    const auto pieces = static_cast<std::size_t>(std::popcount(run.made.have));
    std::vector<int> first(fds.begin(), fds.begin() + static_cast<std::ptrdiff_t>(pieces));
    if (!agent.empty()) first.push_back(agent.front().get());
    CHECK(loop_.send(message, first));
    auto rest = std::span<const int>(fds).subspan(pieces);
    for (const auto& port : std::span(run.made.port).first(run.made.ports)) {
        auto told = make<wire::RunHostPort>(wire::Type::run_host_port);
        told.run = run.number;
        told.port = port.port;
        told.listeners = port.listeners;
        told.err = port.err;
        CHECK(loop_.send(told, rest.first(port.listeners)));
        rest = rest.subspan(port.listeners);
    }
    return {};
}

// All that its jail had to hand over is here.
bool RunTable::is_complete(const Run& run) {
    const auto& plan = *run.plan;
    return (!run.tty || run.master) && (!plan.daemon || run.daemon) && (!plan.scoped || run.networked) &&
           (!plan.ssh_agent || !run.agent.empty());
}

// What the child says it made is what it sent. It is the jail's own code that speaks, not what runs in it.
bool RunTable::take_network(Run& run, std::vector<Fd>& fds) {
    const auto& made = run.last.made;
    auto expected = static_cast<std::size_t>(std::popcount(made.have));
    if (!run.plan->scoped || run.networked || made.ports > wire::kMaxHostPorts) return false;
    for (const auto& port : std::span(made.port).first(made.ports)) expected += port.listeners;
    if (fds.size() != expected) return false;
    run.networked = true;
    run.made = made;
    run.network = std::move(fds);
    return true;
}

Status RunTable::setup_readable(std::uint64_t number) {
    const auto at = runs_.find(number);
    if (at == runs_.end() || !at->second->setup) return {};
    auto& run = *at->second;
    auto packet = receive(run.setup.get(), kMaxHandedOver, MSG_DONTWAIT);
    // A child that ended without reading our go leaves this error in front of its last words.
    if (!packet && packet.error().errnum == ECONNRESET) packet = receive(run.setup.get(), kMaxHandedOver, MSG_DONTWAIT);
    if (!packet && packet.error().errnum == EAGAIN) return {};
    if (!packet || packet->size == 0) {
        // End of file: the exec closed it, or the child is gone and the warden's end will say so.
        if (packet && !run.failed && run.last.kind == Message::started && is_complete(run)) return tell_started(run);
        run.failed = true;
        loop_.unwatch(run.setup.get());
        kill_run(run, wire::EndReason::none);
        return {};
    }
    if (run.failed || packet->size != sizeof(Message)) return {};
    std::memcpy(&run.last, packet->bytes.data(), sizeof run.last);
    if (run.last.kind == Message::namespaces)
        run.namespaces = std::move(packet->fds);
    else if (run.last.kind == Message::terminal && packet->fds.size() == 1)
        run.master = std::move(packet->fds[0]);
    else if (run.last.kind == Message::listener && packet->fds.size() == 1)
        run.daemon = std::move(packet->fds[0]);
    else if (run.last.kind == Message::ssh_agent && packet->fds.size() == 1)
        run.agent = std::move(packet->fds);
    else if (run.last.kind == Message::network)
        (void)take_network(run, packet->fds);
    else if (run.last.kind == Message::failure)
        run.failed = true;
    return {};
}

// A cgroup's kill reaches the runs below in the same moment, and theirs may be the end that is seen first.
bool RunTable::went_with_parent(const Run& run) const {
    if (run.parent == 0) return false;
    const auto* parent = find(run.parent);
    return parent == nullptr || parent->killed || (parent->cgroup && parent->cgroup.oom_kills() != 0);
}

// Without a last word of its warden it was killed with it; then the kernel says what it used.
void RunTable::take_report(Run& run) {
    WardenReport said{};
    pollfd has{run.report.get(), POLLIN, 0};
    if (!run.said && ::poll(&has, 1, 0) > 0 && (has.revents & POLLIN) != 0 &&
        ::read(run.report.get(), &said, sizeof said) == sizeof said)
        run.said = said;
}

void RunTable::reap(Run& run) {
    siginfo_t info{};
    rusage usage{};
    ::syscall(SYS_waitid, P_PIDFD, run.warden.get(), &info, WEXITED, &usage);
    take_report(run);
    if (run.said) return;
    run.said = WardenReport{SIGKILL, 0, usage.ru_utime.tv_sec * 1'000'000 + usage.ru_utime.tv_usec,
                            usage.ru_stime.tv_sec * 1'000'000 + usage.ru_stime.tv_usec, usage.ru_maxrss};
}

Status RunTable::tell_ended(Run& run) {
    auto ended = make<wire::RunEnded>(wire::Type::run_ended);
    ended.run = run.number;
    const auto& said = *run.said;
    if (WIFEXITED(said.status))
        ended.exit_code = WEXITSTATUS(said.status);
    else
        ended.exit_code = -1, ended.signal = WTERMSIG(said.status);
    const auto cgroup = run.usage();
    ended.oom_kills = cgroup.oom_kills;
    ended.pids_refused = cgroup.pids_refused;
    ended.reason = run.reason;
    if (run.reason == wire::EndReason::none && ended.signal == SIGKILL && cgroup.oom_kills == 0 &&
        went_with_parent(run))
        ended.reason = wire::EndReason::parent;
    if (run.reason == wire::EndReason::none && cgroup.oom_kills != 0 && ended.exit_code < 0)
        ended.reason = wire::EndReason::memory;
    if (run.reason == wire::EndReason::none && ended.signal == SIGXFSZ) ended.reason = wire::EndReason::file_size;
    ended.wall_ns = static_cast<std::uint64_t>(monotonic_ns() - run.began_ns);
    ended.user_us = static_cast<std::uint64_t>(said.user_us);
    ended.system_us = static_cast<std::uint64_t>(said.system_us);
    ended.memory_peak =
        std::max({cgroup.memory_peak, run.sampled_peak,
                  cgroup.memory_peak == 0 ? static_cast<std::uint64_t>(said.max_kilobytes) * 1024 : 0});
    ended.pids_peak = std::max(cgroup.pids_peak, run.sampled_pids);
    put_counted(ended, cgroup);
    return loop_.send(ended);
}

Status RunTable::tell_jail_failed(Run& run) {
    siginfo_t info{};
    ::waitid(P_PIDFD, static_cast<id_t>(run.warden.get()), &info, WEXITED);
    auto failed = make<wire::RunFailed>(wire::Type::run_failed);
    failed.run = run.number;
    const bool named = run.last.kind == Message::failure;
    failed.err = named ? run.last.err : ECHILD;
    copy_text(failed.step, sizeof failed.step, named ? name_of(static_cast<Step>(run.last.step)) : "child");
    copy_text(failed.detail, sizeof failed.detail,
              named ? std::string(run.last.detail, ::strnlen(run.last.detail, sizeof run.last.detail))
                    : "the jail's process ended");
    return loop_.send(failed);
}

// What entered it is another's child, of which its warden knows nothing.
bool RunTable::is_entered(const Run& run) const {
    return std::ranges::any_of(runs_, [&](const auto& entry) { return entry.second->joined == run.number; });
}

// All that ran is gone: the end is told now. The warden's own takes as long as that of a small program, and nobody waits.
Status RunTable::reported(std::uint64_t number) {
    const auto at = runs_.find(number);
    if (at == runs_.end()) return {};
    auto& run = *at->second;
    loop_.unwatch(run.report.get());
    take_report(run);
    // What it said before is still in its socket.
    for (int i = 0; i < 8 && run.setup && run.phase == Phase::starting; ++i) CHECK(setup_readable(number));
    if (!run.said || run.phase != Phase::running || run.joined != 0 || is_entered(run)) return {};
    CHECK(tell_ended(run));
    run.namespaces.clear(); // the warden's are the last: their end is its own work
    CHECK(retire(run));
    ended_.insert(runs_.extract(number));
    return go_on_with_those_that_wait();
}

void RunTable::forget_ended(std::uint64_t number) {
    const auto at = ended_.find(number);
    if (at == ended_.end()) return;
    reap(*at->second);
    remove_cgroups_of(*at->second);
    ended_.erase(at);
}

Status RunTable::warden_ended(std::uint64_t number) {
    const auto at = runs_.find(number);
    if (at == runs_.end()) {
        forget_ended(number);
        return {};
    }
    auto& run = *at->second;
    for (int i = 0; i < 8 && run.setup && run.phase == Phase::starting; ++i) CHECK(setup_readable(number));
    Status told;
    if (run.phase == Phase::running) {
        reap(run);
        told = tell_ended(run);
    } else {
        told = tell_jail_failed(run);
    }
    if (told) told = retire(run);
    remove_cgroups_of(run);
    runs_.erase(number);
    return told ? go_on_with_those_that_wait() : told;
}

void RunTable::end_children(const Run& run) {
    for (auto& [number, child] : runs_)
        if (child->parent == run.number) kill_run(*child, wire::EndReason::parent);
}

Status RunTable::retire(Run& run) {
    boxes_.release(run.box);
    CHECK(release_pins(run));
    end_children(run);
    forget_cgroups(run);
    return acceptor_.close_run(run.number);
}

void RunTable::remove_cgroups_of(Run& run) {
    // Whoever joined it, and its children; the leaf first: a cgroup goes when none is below it.
    if (run.cgroup) run.cgroup.kill();
    for (auto* cgroup : {&run.leaf, &run.cgroup})
        if (*cgroup && !cgroup->remove()) leftover_cgroups_.push_back(std::move(*cgroup));
}

void RunTable::watch_limits(Run& run) {
    const auto now = monotonic_ns();
    if (run.kill_deadline_ns != 0 && now >= run.kill_deadline_ns) return kill_run(run, run.reason);
    if (run.frozen != wire::FrozenBy::none) return;
    if (run.wall_deadline_ns != 0 && now >= run.wall_deadline_ns) {
        run.wall_deadline_ns = 0;
        run.end_within(kWallGraceNs, wire::EndReason::wall);
    }
    if (run.phase == Phase::running && run.joined == 0) watch_memory_and_pids(run);
}

// Without a cgroup around them, what a run made or let in counts as its own: their wardens are our children, not its.
std::vector<int> RunTable::members_with_children(const Run& run) const {
    auto pids = members(run);
    if (run.cgroup) return pids;
    for (const auto& [number, other] : runs_) {
        const auto* cage = other->joined != 0 ? find(other->joined) : other.get();
        if (other.get() == &run || cage == nullptr) continue;
        if (cage == &run || cage->parent == run.number) std::ranges::copy(members(*other), std::back_inserter(pids));
    }
    return pids;
}

void RunTable::watch_memory_and_pids(Run& run) {
    const auto controllers = run.cgroup ? surroundings_.controllers : 0;
    if ((controllers & 3) != 3) {
        const auto pids = members_with_children(run);
        const auto resident = resident_bytes(pids);
        run.sampled_peak = std::max(run.sampled_peak, resident);
        run.sampled_pids = std::max<std::uint64_t>(run.sampled_pids, pids.size());
        if ((controllers & 1) == 0 && resident > run.limits.memory) kill_run(run, wire::EndReason::memory);
        if ((controllers & 2) == 0 && pids.size() >= run.limits.pids) kill_run(run, wire::EndReason::pids);
    }
    if ((controllers & 2) != 0) {
        const auto refused = run.pids_refused_by_now();
        if (refused - run.pids_refused > kBombRefusals) kill_run(run, wire::EndReason::pids);
        run.pids_refused = refused;
    }
}

void RunTable::end_all() {
    runs_.merge(ended_);
    for (auto& [number, run] : runs_) kill_run(*run, wire::EndReason::spawner);
    for (auto& [number, run] : runs_) {
        // Not for ever: what hangs in a mount dies with it, and the supervisor's cgroup.kill comes after us.
        pollfd end{run->warden.get(), POLLIN, 0};
        ::poll(&end, 1, 1000);
    }
    for (auto at = runs_.rbegin(); at != runs_.rend(); ++at) { // children came after their parents
        const auto& run = at->second;
        if (run->leaf) run->leaf.remove();
        if (!run->cgroup) continue;
        for (int i = 0; i < 100 && !run->cgroup.remove(); ++i) ::usleep(10'000);
    }
}

} // namespace owhale::spawner
