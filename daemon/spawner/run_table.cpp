#include "spawner/run_table.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "base/clock.hpp"
#include "spawner/processes.hpp"

namespace owhale::spawner {
namespace {

constexpr std::size_t kEndedCgroups = 4096; // remembered

// The cage that a plan enters is that of the run it joins: it writes what that one writes.
void take_cage(JailPlan& plan, const JailPlan& from) {
    plan.net_host = from.net_host;
    plan.scoped = false; // nothing new is made
    plan.filter = from.filter;
    plan.scope_abstract = from.scope_abstract;
    for (const auto& op : from.mounts) {
        if (!op.landlock_write) continue;
        MountOp copy;
        copy.kind = op.kind;
        copy.target = op.target;
        copy.is_file = op.is_file;
        copy.landlock_write = true;
        plan.mounts.push_back(std::move(copy));
    }
}

} // namespace

const Run* RunTable::find(std::uint64_t number) const {
    const auto at = runs_.find(number);
    return at == runs_.end() ? nullptr : at->second.get();
}

std::optional<std::uint64_t> RunTable::run_of_socket(std::uint64_t cgroup) const {
    if (cgroup == 0 || surroundings_.cgroup_base.empty()) {
        // A run without the host's network reaches nothing that we listen on.
        const bool any = std::ranges::any_of(runs_, [](const auto& entry) { return entry.second->plan->net_host; });
        return any ? std::nullopt : std::optional<std::uint64_t>(0);
    }
    if (const auto at = run_of_cgroup_.find(cgroup); at != run_of_cgroup_.end()) return at->second;
    const bool ended = std::ranges::find(ended_cgroups_, cgroup) != ended_cgroups_.end();
    return ended ? std::nullopt : std::optional<std::uint64_t>(0);
}

void RunTable::note_cgroups(const Run& run) {
    for (const auto* cgroup : {&run.cgroup, &run.leaf})
        if (*cgroup) run_of_cgroup_[cgroup->id()] = run.joined != 0 ? run.joined : run.number;
}

void RunTable::forget_cgroups(const Run& run) {
    for (const auto* cgroup : {&run.cgroup, &run.leaf}) {
        if (!*cgroup) continue;
        run_of_cgroup_.erase(cgroup->id());
        ended_cgroups_.push_back(cgroup->id());
    }
    while (ended_cgroups_.size() > kEndedCgroups) ended_cgroups_.pop_front();
}

// A run enters what is its own: of its own uid, and, when a run asks, one that this run made.
Result<const Run*> RunTable::find_join(const wire::Run& message, const Resolution& resolution) const {
    const auto* run = find(message.join);
    if (run == nullptr || run->phase != Phase::running || run->joined != 0)
        return fail(Code::not_found, "the run to join is not running");
    if (run->rights.identity.uid != resolution.identity.uid || run->uid != resolution.facts.uid)
        return fail(Code::forbidden, "the run to join is another's");
    if (resolution.parent != 0 && run->parent != resolution.parent)
        return fail(Code::forbidden, "a run enters the runs that it made itself alone");
    return run;
}

// The connection that asked was a run's, and that run may have ended since.
Result<const Run*> RunTable::find_parent(const Resolution& resolution) const {
    if (resolution.parent == 0) return nullptr;
    const auto* run = find(resolution.parent);
    if (run == nullptr || run->phase != Phase::running || !run->may_run())
        return fail(Code::forbidden, "the run that asks has ended, or may not ask for runs");
    return run;
}

Result<std::unique_ptr<Run>> RunTable::try_start(const wire::Run& message, const wire::Blob& blob) {
    auto resolution = TRY(resolutions_.take(message.resolution));
    if (runs_.size() >= options_.max_runs) return fail(Code::busy, "too many runs at a time");
    const auto* parent = TRY(find_parent(resolution));
    const auto* join = message.join != 0 ? TRY(find_join(message, resolution)) : nullptr;
    const Grounds grounds{options_,
                          surroundings_.filters,
                          surroundings_.system_paths,
                          surroundings_.idmap_userns.get(),
                          surroundings_.landlock_abi,
                          surroundings_.controllers,
                          surroundings_.memory_total,
                          surroundings_.network.script,
                          static_cast<std::uint16_t>(surroundings_.tcp_port)};
    auto admitted = TRY(admit(message, blob, resolution, grounds, parent));
    auto& plan = *admitted.plan;
#ifdef OWHALE_FAULTS
    plan.fail_step = step_to_fail();
#endif
    std::string key;
    if (join != nullptr && plan.scoped && !join->plan->scoped)
        return fail(Code::forbidden, "the run to join has no scoped network");
    if (join != nullptr) {
        take_cage(plan, *join->plan);
    } else if ((message.flags & wire::kRunKeepBox) != 0) {
        key.assign(message.box_key, ::strnlen(message.box_key, sizeof message.box_key));
        plan.box = TRY(boxes_.acquire(key, plan.uid, plan.gid, message.box_bytes));
    }
    if (join == nullptr) hold_agreed_of_others(plan);
    const auto* above = join != nullptr ? join : parent;
    auto run = start(std::move(admitted), message, above);
    if (!run) {
        boxes_.release(key);
        return run;
    }
    (*run)->box = key;
    note_agreed(**run, join != nullptr ? *join->plan : *(*run)->plan);
    (*run)->rights = {resolution.identity, (*run)->plan->uid, (*run)->plan->gid};
    return run;
}

// In a jail that waits, or one that the jailer makes now, if its kind can be.
Result<std::unique_ptr<Run>> RunTable::start(Admitted admitted, const wire::Run& message, const Run* above) {
    std::unique_ptr<Prepared> jail;
    const auto key = key_of(*admitted.plan, message, above);
    if (key) jail = pool_.take(*key);
    if (!jail && key && Pool::is_all_there_is()) return fail(Code::jail_failed, "no jail was prepared");
    if (!jail)
        return start_run(std::move(admitted), message, above, surroundings_.cgroup_base, surroundings_.controllers);
    auto run = start_prepared(std::move(admitted), message, *jail, surroundings_.controllers);
    if (!run) pool_.give_up(std::move(jail));
    return run;
}

Status RunTable::on_run(Packet& packet) {
    const auto message = TRY(packet.as<wire::Run>(1));
    auto blob = TRY(wire::read_blob(packet.fds[0].get(), wire::kRunLists));
    if (message.run == 0 || !fits_a_tag(message.run) || runs_.contains(message.run))
        return violation("a run's number is used twice or too large");
    auto run = try_start(message, blob);
    if (!run) {
        if (run.error().code == Code::bad_request) return std::unexpected(run.error());
        return tell_failed(message, run.error());
    }
    auto& live = **run;
    note_cgroups(live);
    runs_.emplace(message.run, std::move(*run));
    CHECK(loop_.watch(live.setup.get(), Source::setup, message.run, EPOLLIN));
    CHECK(loop_.watch(live.warden.get(), Source::warden, message.run, EPOLLIN));
    CHECK(loop_.watch(live.report.get(), Source::report, message.run, EPOLLIN));
    return go_on(live);
}

Status RunTable::tell_failed(const wire::Run& message, const Error& error) {
    auto failed = make<wire::RunFailed>(wire::Type::run_failed);
    failed.run = message.run;
    failed.err = error.errnum != 0                        ? error.errnum
                 : error.code == Code::busy               ? EAGAIN
                 : error.code == Code::not_found          ? ESRCH
                 : error.code == Code::limit_over_ceiling ? ERANGE
                 : error.code == Code::net_host_denied    ? EACCES
                                                          : EPERM;
    copy_text(failed.step, sizeof failed.step, error.step.empty() ? "admit" : error.step);
    copy_text(failed.detail, sizeof failed.detail, std::string(describe(error.code).name) + ": " + error.message);
    return loop_.send(failed);
}

Status RunTable::on_go(Packet& packet) {
    const auto message = TRY(packet.as<wire::GoRun>(0));
    const auto at = runs_.find(message.run);
    if (at == runs_.end()) return {}; // it failed meanwhile
    auto& run = *at->second;
    if (!run.plan->gated || run.recorded) return violation("a go that no run waits for");
    let_execute(run);
    return {};
}

Status RunTable::on_signal(Packet& packet) {
    const auto message = TRY(packet.as<wire::SignalRun>(0));
    if (message.signal < 1 || message.signal > 64) return violation("a signal's number");
    const auto at = runs_.find(message.run);
    if (at == runs_.end() || at->second->phase != Phase::running) return {};
    if (message.signal == SIGKILL)
        kill_run(*at->second, wire::EndReason::none);
    else if (at->second->frozen == wire::FrozenBy::none) // SIGCONT too: it goes on when it is let go on
        send_signal(at->second->warden.get(), message.signal);
    return {};
}

Status RunTable::on_kill(Packet& packet) {
    const auto message = TRY(packet.as<wire::KillRun>(0));
    const auto at = runs_.find(message.run);
    if (at == runs_.end()) return {};
    auto& run = *at->second;
    // What is held still can do nothing with a grace.
    if (message.grace_ms == 0 || run.phase == Phase::starting || run.frozen != wire::FrozenBy::none) {
        kill_run(run, message.reason);
        return {};
    }
    run.end_within(static_cast<std::int64_t>(message.grace_ms) * 1'000'000, message.reason);
    return {};
}

Status RunTable::on_freeze(Packet& packet) {
    const auto message = TRY(packet.as<wire::FreezeRun>(0));
    auto frozen = make<wire::RunFrozen>(wire::Type::run_frozen);
    frozen.run = message.run;
    const auto at = runs_.find(message.run);
    if (at == runs_.end()) {
        frozen.err = ESRCH;
    } else if (auto& run = *at->second; run.phase == Phase::starting) {
        run.freeze_when_started = message.freeze != 0; // before it runs its setup has to go on
        frozen.by = message.freeze == 0 ? wire::FrozenBy::none
                    : run.cgroup        ? wire::FrozenBy::cgroup
                                        : wire::FrozenBy::signal;
    } else {
        frozen.by = freeze_run(run, message.freeze != 0);
    }
    return loop_.send(frozen);
}

Status RunTable::on_reset_box(Packet& packet) {
    const auto message = TRY(packet.as<wire::ResetBox>(0));
    const std::string key(message.box_key, ::strnlen(message.box_key, sizeof message.box_key));
    return boxes_.reset(key, message.uid) ? tell_box_ended(key) : Status{};
}

Status RunTable::tell_box_ended(const std::string& key) {
    auto ended = make<wire::BoxEnded>(wire::Type::box_ended);
    copy_text(ended.box_key, sizeof ended.box_key, key);
    return loop_.send(ended);
}

void RunTable::tick() {
    for (auto& [number, run] : runs_) watch_limits(*run);
    kill_late_pinnings();
    std::erase_if(leftover_cgroups_, [](const Cgroup& cgroup) { return cgroup.remove(); });
}

Status RunTable::expire() {
    Status status;
    boxes_.expire(options_.box_idle_s, [&](const std::string& key) {
        if (status) status = tell_box_ended(key);
    });
    return status;
}

} // namespace owhale::spawner
