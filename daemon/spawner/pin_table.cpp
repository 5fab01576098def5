// Approved files held in place in the other cages that write their folders: before their run goes on, until it ends.
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <sys/wait.h>
#include <utility>

#include "base/clock.hpp"
#include "spawner/processes.hpp"
#include "spawner/run_table.hpp"

namespace owhale::spawner {
namespace {

constexpr std::int64_t kPinNs = 2'000'000'000;

MountOp pin_at(std::string target) {
    MountOp op;
    op.kind = wire::MountKind::mask;
    op.flags = wire::kMountPin | wire::kMountWritable | wire::kMountOptional;
    op.target = std::move(target);
    return op;
}

std::vector<std::string> pins_for(const JailPlan& cage, const std::vector<std::string>& hosts) {
    std::vector<std::string> all;
    for (const auto& host : hosts)
        for (auto& path : pins_in(cage, host))
            if (std::ranges::find(all, path) == all.end()) all.push_back(std::move(path));
    return all;
}

void fail_by_pins(Run& run) {
    run.failed = true;
    run.last = {};
    run.last.kind = Message::failure;
    run.last.step = static_cast<std::uint32_t>(Step::approved);
    run.last.err = EBUSY;
    std::snprintf(run.last.detail, sizeof run.last.detail, "%s", run.agreed.front().c_str());
    kill_run(run, wire::EndReason::none);
}

} // namespace

// What enters a cage shares its mounts, unless it has some of its own: then it has handed these over.
int RunTable::user_namespace_of(const Run& run) const {
    const auto* cage = run.joined != 0 ? find(run.joined) : &run;
    return cage == nullptr || cage->namespaces.empty() ? -1 : cage->namespaces.front().get();
}

void RunTable::note_agreed(Run& run, const JailPlan& cage) {
    for (const auto& file : run.plan->approved)
        if (auto host = host_of(cage, file.path)) run.agreed.push_back(std::move(*host));
    if (run.agreed.empty()) return;
    for (const auto& [number, other] : runs_) {
        const bool shares = other->joined != 0 && other->plan->approved.empty();
        const auto* its = other->joined != 0 ? find(other->joined) : other.get();
        if (shares || its == nullptr || pins_for(*its->plan, run.agreed).empty()) continue;
        run.to_pin.push_back(number);
    }
}

// Of runs that came before: a new cage has them in place from its beginning.
void RunTable::hold_agreed_of_others(JailPlan& plan) const {
    for (const auto& [number, run] : runs_)
        for (auto& path : pins_for(plan, run->agreed)) plan.mounts.push_back(pin_at(std::move(path)));
}

Status RunTable::watch_pinning(PinJob job, std::uint64_t run, std::uint64_t cage) {
    auto process = start_pinning(job);
    Pinning pinning{process ? std::move(*process) : Fd(), run, cage, std::move(job.pins), monotonic_ns() + kPinNs};
    if (!process) return pinning_done(pinning, process.error().errnum);
    const auto id = next_pinning_++;
    CHECK(loop_.watch(pinning.process.get(), Source::pinning, id, EPOLLIN));
    pinnings_.emplace(id, std::move(pinning));
    return {};
}

Status RunTable::start_pins(Run& run, Run& cage) {
    const auto& plan = cage.joined != 0 ? *find(cage.joined)->plan : *cage.plan;
    const auto paths = pins_for(plan, run.agreed);
    PinJob job{user_namespace_of(cage), cage.namespaces.back().get(), cage.plan.get(), {}, false};
    for (const auto& path : paths)
        job.pins.push_back({path, cage.pins[path]++ != 0 || std::erase(cage.free_pins, path) != 0});
    run.pinned.push_back({cage.number, paths});
    cage.being_pinned = true; // also when there is nothing new: the turn is the same
    return watch_pinning(std::move(job), run.number, cage.number);
}

// One cage after the other; those before it that are starting are waited for, and these wait for none that came later.
Status RunTable::go_on(Run& run) {
    if (run.phase != Phase::starting || run.failed) return {};
    while (!run.to_pin.empty()) {
        const auto at = runs_.find(run.to_pin.back());
        if (at != runs_.end() && (at->second->phase == Phase::starting || at->second->being_pinned)) return {};
        if (at != runs_.end() && user_namespace_of(*at->second) >= 0) return start_pins(run, *at->second);
        run.to_pin.pop_back(); // it has ended
    }
    let_go(run);
    return {};
}

Status RunTable::go_on_with_those_that_wait() {
    for (auto& [number, run] : runs_)
        if (!run->to_pin.empty()) CHECK(go_on(*run));
    return {};
}

// All were made, or none.
Status RunTable::pinned(const Pinning& pinning, int err) {
    const auto cage = runs_.find(pinning.cage), run = runs_.find(pinning.run);
    if (err != 0 && cage != runs_.end())
        for (const auto& pin : pinning.pins)
            if (!pin.again) cage->second->pins.erase(pin.path);
    if (run == runs_.end()) return {};
    if (err != 0) {
        run->second->to_pin.clear();
        fail_by_pins(*run->second);
        return {};
    }
    if (!run->second->to_pin.empty()) run->second->to_pin.pop_back();
    return go_on(*run->second);
}

Status RunTable::pinning_ended(std::uint64_t id) {
    const auto at = pinnings_.find(id);
    if (at == pinnings_.end()) return {};
    const auto pinning = std::move(at->second);
    pinnings_.erase(at);
    siginfo_t info{};
    ::waitid(P_PIDFD, static_cast<id_t>(pinning.process.get()), &info, WEXITED);
    return pinning_done(pinning, info.si_code == CLD_EXITED ? info.si_status : ETIMEDOUT);
}

Status RunTable::pinning_done(const Pinning& pinning, int err) {
    const auto cage = runs_.find(pinning.cage);
    if (cage != runs_.end()) cage->second->being_pinned = false;
    if (pinning.run != 0) CHECK(pinned(pinning, err));
    if (cage != runs_.end()) CHECK(take_away_free(*cage->second));
    return go_on_with_those_that_wait();
}

// What no run needs any more, when nobody else is at it.
Status RunTable::take_away_free(Run& cage) {
    if (cage.being_pinned || cage.free_pins.empty()) return {};
    PinJob job{user_namespace_of(cage), cage.namespaces.back().get(), cage.plan.get(), {}, true};
    if (job.user < 0) return {};
    for (auto& path : std::exchange(cage.free_pins, {})) job.pins.push_back({std::move(path)});
    cage.being_pinned = true;
    return watch_pinning(std::move(job), 0, cage.number);
}

Status RunTable::release_pins(Run& run) {
    for (const auto& pinned : std::exchange(run.pinned, {})) {
        const auto at = runs_.find(pinned.cage);
        if (at == runs_.end()) continue;
        auto& cage = *at->second;
        for (const auto& path : pinned.paths) {
            const auto pin = cage.pins.find(path);
            if (pin == cage.pins.end() || --pin->second != 0) continue;
            cage.pins.erase(pin);
            cage.free_pins.push_back(path);
        }
        CHECK(take_away_free(cage));
    }
    return {};
}

void RunTable::kill_late_pinnings() {
    const auto now = monotonic_ns();
    for (const auto& [id, pinning] : pinnings_)
        if (now >= pinning.deadline_ns) send_signal(pinning.process.get(), SIGKILL);
}

} // namespace owhale::spawner
