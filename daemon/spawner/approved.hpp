// What was agreed to is what runs: private copies of the approved files, hashed while they are made, over their own paths.
//
// Past the clone, with the run's ids: no allocation; each function answers 0 or errno and, on failure, leaves the path in
// `detail`. ESTALE: the content is not what was agreed to. EFBIG: larger than wire::kMaxApprovedFile, or all together than
// wire::kMaxApprovedAll. What stands at the path may be anything by now: links are not followed, fifos not waited for.
#pragma once

#include "spawner/detail.hpp"
#include "spawner/jail_plan.hpp"

namespace owhale::spawner {

// Below the root of a cage that is being built, before it is entered.
int bind_approved(int root, const JailPlan& plan, Detail& detail);
// In a cage that lives: in a mount namespace of the newcomer's own, so that nobody else in there sees the copies.
int bind_approved_alone(const JailPlan& plan, Detail& detail);

} // namespace owhale::spawner
