// May this plan run? The spawner's own judgement of what the broker hands it: whatever the broker became, a run has the
// rights of a uid that connected, sees no forbidden folder, and stays under the ceilings.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sandbox/blob.hpp"
#include "spawner/jail_plan.hpp"
#include "spawner/options.hpp"
#include "spawner/resolve.hpp"

namespace owhale::spawner {

struct Run;

struct Grounds { // what admit knows beside the message
    const Options& options;
    const std::map<std::string, Filter>& filters;
    const std::vector<std::string>& system_paths; // the folders every cage shows
    int idmap_userns;                             // -1: root callers cannot be served here
    int landlock_abi;
    std::uint32_t controllers;
    std::uint64_t memory_total;
    const NetworkScript& network;
    std::uint16_t own_port; // that owhaled serves TCP on; 0 none
};

struct Limits {
    std::uint64_t memory = 0, pids = 0, cpu_milli = 0, io = 0, wall_ms = 0;
};

struct Admitted {
    std::unique_ptr<JailPlan> plan;
    Limits limits;
    bool idmapped = false;
};

// Codes: bad_request (protocol violation), forbidden, limit_over_ceiling, net_host_denied, system.
// `step` of the error is "admit"; its message names the entry.
// `parent`: the run that asks, or null; the plan is then held to it (narrow.hpp).
Result<Admitted> admit(const wire::Run& message, wire::Blob blob, Resolution& resolution, const Grounds& grounds,
                       const Run* parent);

} // namespace owhale::spawner
