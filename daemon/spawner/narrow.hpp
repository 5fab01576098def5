// A run of a run: its plan is held to its parent's, whatever the broker says of it.
#pragma once

#include "spawner/admit.hpp"
#include "spawner/runs.hpp"

namespace owhale::spawner {

// Refuses (forbidden, net_host_denied, limit_over_ceiling) what is wider: other ids, filter, network, limits, a box, a
// listener of its own, and mounts of what the parent's plan does not show; writable ones of what it cannot write. Takes
// over without a word what the parent has and the plan does not say: its limits, the time it has left, its read-only
// places. For a plan that enters another run's cage only the limits and that run's parentage count.
Status hold_to_parent(Admitted& admitted, const wire::Run& message, const Run& parent,
                      const std::vector<std::string>& system_paths);

// Whether a run with this plan sees a path of the host's.
bool sees(const JailPlan& plan, const std::string& host, const std::vector<std::string>& system_paths);

// Whether a path, as text, is one of its cage where it shows the host's: what a program may be looked up by.
bool names(const JailPlan& plan, const std::string& path, const std::vector<std::string>& system_names);

} // namespace owhale::spawner
