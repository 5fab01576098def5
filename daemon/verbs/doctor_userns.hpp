// What this kernel's settings keep from owhaled's cages, or from a rootless one's: facts in, a check out. Pure.
#pragma once

#include "base/userns_limits.hpp"
#include "shared/api.hpp"

namespace owhale::verbs {

api::Check examine_userns(const UsernsLimits& limits, bool rootless);

} // namespace owhale::verbs
