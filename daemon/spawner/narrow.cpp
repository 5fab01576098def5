#include "spawner/narrow.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/clock.hpp"
#include "spawner/below.hpp"

namespace owhale::spawner {
namespace {

// Folders whose entries are what the kernel tells of processes and devices: of the host's, where a resolve looks.
constexpr std::array<std::string_view, 3> kKernels = {"/proc", "/sys", "/dev"};

std::unexpected<Error> wider(Code code, std::string what) {
    return std::unexpected(Error{code, std::move(what), "a run may start narrower runs alone", 0, "admit"});
}

// Where a path of the folder `from` lies when the same folder is seen at `to`.
std::string moved(const std::string& path, std::string_view from, std::string_view to) {
    return std::string(to) + path.substr(from.size());
}

// What a filter permits beyond "strict": 1 tracing, 2 sockets by name.
unsigned permits(std::string_view filter) {
    return (filter.starts_with("strict") ? 0u : 1u) | (filter.ends_with("build") ? 2u : 0u);
}

Status hold_rights(const JailPlan& plan, const wire::Run& message, const Run& parent) {
    const auto& its = *parent.plan;
    if (plan.uid != its.uid || plan.gid != its.gid || plan.groups != its.groups)
        return wider(Code::forbidden, "a run of a run has its parent's ids");
    if (plan.daemon) return wider(Code::forbidden, "a run of a run has no listener of its own");
    if ((message.flags & wire::kRunKeepBox) != 0) return wider(Code::forbidden, "a run of a run has no box that stays");
    if (plan.net_host && !its.net_host) return wider(Code::net_host_denied, "the parent has no network of the host's");
    // Which hosts is the broker's to judge; the spawner knows of none.
    if (plan.scoped && !its.net_host && !its.scoped) return wider(Code::forbidden, "the parent has no network");
    if (plan.ssh_agent && !its.ssh_agent) return wider(Code::forbidden, "the parent has no ssh agent");
    if ((permits(plan.filter->name) & ~permits(its.filter->name)) != 0)
        return wider(Code::forbidden,
                     "the filter " + plan.filter->name + " is wider than the parent's " + its.filter->name);
    return {};
}

Status hold_limit(std::uint64_t& value, std::uint64_t asked, std::uint64_t most, const char* what) {
    if (most == 0) return {};
    if (asked > most)
        return wider(Code::limit_over_ceiling,
                     std::string(what) + " " + std::to_string(asked) + " is over the parent's " + std::to_string(most));
    if (asked == 0) value = most;
    return {};
}

Status hold_limits(Admitted& admitted, const wire::Run& message, const Run& parent) {
    auto& limits = admitted.limits;
    CHECK(hold_limit(limits.memory, message.memory, parent.limits.memory, "memory"));
    CHECK(hold_limit(limits.pids, message.pids, parent.limits.pids, "pids"));
    CHECK(hold_limit(limits.cpu_milli, message.cpu_milli, parent.limits.cpu_milli, "cpus"));
    CHECK(hold_limit(limits.io, message.io, parent.limits.io, "io"));
    if (parent.wall_deadline_ns != 0) {
        const auto left = static_cast<std::uint64_t>(
            std::max<std::int64_t>(1, (parent.wall_deadline_ns - monotonic_ns()) / 1'000'000));
        limits.wall_ms = limits.wall_ms == 0 ? left : std::min(limits.wall_ms, left);
    }
    auto& plan = *admitted.plan;
    if (!parent.plan->cpus.empty()) {
        auto cpus = parent.plan->cpus;
        if (!plan.cpus.empty()) cpus.resize(std::min(cpus.size(), plan.cpus.size()));
        plan.cpus = std::move(cpus);
    }
    // The lower one counts: a limit is only ever taken down.
    for (const auto& limit : parent.plan->rlimits) plan.rlimits.push_back(limit);
    return {};
}

// What the parent's plan shows of the host's folders, and the places in them that it shows otherwise.
class View {
public:
    enum class Place { anchor, readonly, hidden }; // anchor: writable, but it cannot be renamed away
    struct Held {
        std::string host;
        Place place;
    };

    explicit View(const JailPlan& plan) {
        for (const auto& op : plan.mounts) {
            if (const auto* under = folder_of(plan, op)) hold(op, moved(op.target, under->target, under->host));
            if (!op.host.empty()) shown_.push_back({op.host, op.landlock_write});
        }
    }
    bool shows(const std::string& host, bool writable) const {
        const auto within = [&](const Held& one) {
            return same_or_below(host, one.host) &&
                   (one.place == Place::hidden || (one.place == Place::readonly && writable));
        };
        if (std::ranges::any_of(held_, within)) return false;
        return std::ranges::any_of(
            shown_, [&](const Shown& one) { return same_or_below(host, one.host) && (one.writable || !writable); });
    }
    const std::vector<Held>& held() const { return held_; }

private:
    struct Shown {
        std::string host;
        bool writable;
    };

    void hold(const MountOp& op, std::string host) {
        if ((op.flags & wire::kMountPin) != 0)
            held_.push_back(
                {std::move(host), (op.flags & wire::kMountWritable) != 0 ? Place::anchor : Place::readonly});
        else if (op.kind == wire::MountKind::resolved)
            held_.push_back({std::move(host), op.landlock_write ? Place::anchor : Place::readonly});
        else if (op.kind != wire::MountKind::symlink)
            held_.push_back({std::move(host), Place::hidden});
    }
    // The last mount of a host's folder that this one lies in, before it.
    static const MountOp* folder_of(const JailPlan& plan, const MountOp& op) {
        const MountOp* found = nullptr;
        for (const auto& other : plan.mounts) {
            if (&other == &op) break;
            if (!other.host.empty() && same_or_below(op.target, other.target)) found = &other;
        }
        return found;
    }

    std::vector<Shown> shown_;
    std::vector<Held> held_;
};

// What the parent's plan holds in place below a writable mount of its run's, in the same order.
void copy_held(const View& view, const MountOp& op, std::vector<MountOp>& copies) {
    for (const auto& held : view.held()) {
        if (!same_or_below(held.host, op.host) || (held.host == op.host && held.place == View::Place::anchor)) continue;
        MountOp copy;
        copy.kind = wire::MountKind::mask;
        copy.flags = wire::kMountOptional;
        if (held.place != View::Place::hidden) copy.flags |= wire::kMountPin;
        if (held.place == View::Place::anchor) copy.flags |= wire::kMountWritable;
        copy.target = moved(held.host, op.host, op.target);
        copies.push_back(std::move(copy));
    }
}

Status hold_system(const MountOp& op, const JailPlan& its, const std::vector<std::string>& system_paths) {
    const auto covers = [&](const std::string& folder) { return same_or_below(op.source, folder); };
    if (std::ranges::any_of(system_paths, covers)) return {};
    for (const auto& other : its.mounts)
        if (other.kind == wire::MountKind::system && covers(other.source)) return {};
    return wider(Code::forbidden, "the parent does not see " + op.source);
}

Status hold_mounts(JailPlan& plan, const JailPlan& its, const std::vector<std::string>& system_paths) {
    const View view(its);
    std::erase_if(plan.mounts, [&](const MountOp& op) {
        const bool optional = (op.flags & wire::kMountOptional) != 0;
        return optional && !op.host.empty() && !op.landlock_write && !view.shows(op.host, false);
    });
    std::vector<MountOp> copies;
    for (const auto& op : plan.mounts) {
        if (op.kind == wire::MountKind::system && (op.flags & wire::kMountPin) == 0)
            CHECK(hold_system(op, its, system_paths));
        if (op.host.empty()) continue;
        if (!view.shows(op.host, op.landlock_write))
            return wider(Code::forbidden,
                         "the parent does not " + std::string(op.landlock_write ? "write " : "see ") + op.host);
        copy_held(view, op, copies);
    }
    for (auto& copy : copies) plan.mounts.push_back(std::move(copy));
    return {};
}

} // namespace

bool sees(const JailPlan& plan, const std::string& host, const std::vector<std::string>& system_paths) {
    const auto covers = [&](const std::string& folder) { return same_or_below(host, folder); };
    return std::ranges::any_of(system_paths, covers) || View(plan).shows(host, false);
}

bool names(const JailPlan& plan, const std::string& path, const std::vector<std::string>& system_names) {
    const auto covers = [&](std::string_view folder) { return same_or_below(path, folder); };
    if (std::ranges::any_of(kKernels, covers)) return false;
    const auto shown = [&](const MountOp& op) {
        const bool hosts =
            !op.host.empty() || op.kind == wire::MountKind::system || op.kind == wire::MountKind::symlink;
        return hosts && covers(op.target);
    };
    return std::ranges::any_of(system_names, covers) || std::ranges::any_of(plan.mounts, shown);
}

Status hold_to_parent(Admitted& admitted, const wire::Run& message, const Run& parent,
                      const std::vector<std::string>& system_paths) {
    CHECK(hold_rights(*admitted.plan, message, parent));
    CHECK(hold_limits(admitted, message, parent));
    return message.join == 0 ? hold_mounts(*admitted.plan, *parent.plan, system_paths) : Status{};
}

} // namespace owhale::spawner
