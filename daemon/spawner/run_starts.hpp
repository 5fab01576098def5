// From an admitted plan to a run: a jail is cloned for it, or has been waiting.
#pragma once

#include <memory>
#include <optional>
#include <sched.h>

#include "spawner/pool.hpp"
#include "spawner/runs.hpp"

namespace owhale::spawner {

// Clones the jail's first process for an admitted plan and writes its id maps.
// `above` is the run whose cage it enters (message.join) or that asked for it, or null: its cgroup lies below that one's.
// It waits for let_go().
Result<std::unique_ptr<Run>> start_run(Admitted admitted, const wire::Run& message, const Run* above,
                                       const std::string& cgroup_base, std::uint32_t controllers);
// What a jail has to have been made for, to be this plan's; none: it has to be cloned for it.
std::optional<JailKey> key_of(const JailPlan& plan, const wire::Run& message, const Run* above);
// The same for a jail that waits, which must be of the plan's key. After an error the jail is as it was.
Result<std::unique_ptr<Run>> start_prepared(Admitted admitted, const wire::Run& message, Prepared& jail,
                                            std::uint32_t controllers);
void let_go(Run& run);
// Of a gated one: its intent is on disk. It executes its command when it has come so far, and was let go.
void let_execute(Run& run);

} // namespace owhale::spawner
