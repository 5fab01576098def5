// What the jail's first process makes and hands over to the spawner: listeners, and the namespaces that `exec` will enter.
// Past the clone: no allocation; each function answers 0 or errno. `message` keeps its other fields.
#pragma once

#include "spawner/detail.hpp"
#include "spawner/jail_plan.hpp"

namespace owhale::spawner {

int hand_over_network(const JailPlan& plan, Message& message, Detail& detail);
int hand_over_namespaces(const JailPlan& plan, Message& message);
int hand_over_own_mounts(const JailPlan& plan, Message& message, int self);
int hand_over_listeners(const JailPlan& plan, Message& message, Detail& detail);

} // namespace owhale::spawner
