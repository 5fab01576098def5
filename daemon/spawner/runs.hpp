// The runs that live, from the clone to the last of their processes.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "sandbox/plan.hpp"
#include "spawner/admit.hpp"
#include "spawner/cgroups.hpp"
#include "spawner/warden.hpp"

namespace owhale::spawner {

inline constexpr std::size_t kNetworkNamespace = 5; // of Run::namespaces, as jail.cpp hands them over

enum class Phase { starting, running, ending };

struct Run {
    std::uint64_t number = 0;
    std::uint64_t joined = 0; // the run whose cage this one entered
    std::uint64_t parent = 0; // the run that asked for it, 0 none: it is no wider, and ends with it
    std::uint32_t uid = 0;    // who it runs as
    Rights rights;            // whose it is
    Phase phase = Phase::starting;
    Fd warden; // pidfd
    pid_t pid = -1;
    Fd setup, report;        // our ends
    Fd in, out, err, master; // the broker's ends, until run_started carries them over
    struct {
        std::string plan; // as bytes; "": the jail has it from its clone
        Fd in, out, err;
    } to_furnish; // a prepared jail with, when it may go on
    bool wants_stdin = false, tty = false;
    std::unique_ptr<JailPlan> plan; // kept for `exec`: what is writable
    std::vector<Fd> namespaces;
    std::string box;
    Cgroup cgroup;
    Cgroup leaf;            // where its processes are when runs of its own have their cgroups beside them; else empty
    Fd daemon;              // the listener of its own, until it runs
    bool networked = false; // `made` and `network` are there
    NetworkMade made;       // of a scoped network
    std::vector<Fd> network, agent; // its listeners, until run_network carries them over; agent: one or none
    std::size_t published = 0;      // ports of the host's that were opened for it
    Limits limits;
    wire::RunStarted started{};
    Message last{}; // the child's newest message
    std::optional<WardenReport> said;
    bool failed = false;
    std::int64_t began_ns = 0, wall_deadline_ns = 0, kill_deadline_ns = 0;
    wire::EndReason reason = wire::EndReason::none;
    wire::FrozenBy frozen = wire::FrozenBy::none;
    bool killed = false;   // by us, with all that lies below its cgroup
    bool let_on = false;   // its id maps stand, and what it has to wait for in other cages
    bool recorded = false; // gated: its intent is on disk
    bool freeze_when_started = false;
    std::int64_t frozen_ns = 0; // since when
    std::uint64_t sampled_peak = 0, sampled_pids = 0;
    std::uint32_t pids_refused = 0;    // when last looked
    std::vector<std::string> agreed;   // the host's paths of its approved files that a cage could write
    std::vector<std::uint64_t> to_pin; // runs whose cages have to hold these in place before it may go on
    struct Pinned {
        std::uint64_t cage;
        std::vector<std::string> paths;
    };
    std::vector<Pinned> pinned;                // for it
    std::map<std::string, std::uint32_t> pins; // in its own cage: for how many runs
    bool being_pinned = false;                 // one at a time makes pins here, or takes them away
    std::vector<std::string> free_pins;        // to be taken away at the next turn

    void end_within(std::int64_t grace_ns, wire::EndReason why); // SIGTERM now, SIGKILL then
    bool may_run() const { return plan->daemon && parent == 0; }
    CgroupUsage usage() const;
    std::uint32_t pids_refused_by_now() const;
};

// Ends it at once, all of it.
void kill_run(Run& run, wire::EndReason reason);
// Holds it still or lets it go on; how it is held now.
wire::FrozenBy freeze_run(Run& run, bool still);
// The numbers of the run's processes, by cgroup or by descent from the warden.
std::vector<int> members(const Run& run);
// Their memory in RAM but for files' pages, for where no controller counts; shared pages count in each.
std::uint64_t resident_bytes(const std::vector<int>& pids);

} // namespace owhale::spawner
