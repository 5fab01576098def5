// What a scoped network would have on this machine: the spawner's trial in, checks out. Pure.
#pragma once

#include <vector>

#include "sandbox/plan.hpp"
#include "shared/api.hpp"

namespace owhale::verbs {

std::vector<api::Check> examine_network(const wire::Ready& ready);

} // namespace owhale::verbs
