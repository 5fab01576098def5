// What the cage has of this kernel: facts in, checks out. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "config/modes.hpp"
#include "sandbox/plan.hpp"
#include "shared/api.hpp"

namespace owhale::verbs {

// `release` as uname(2) tells it.
// `more`: checks of other parts, which stand at the end.
api::Doctor examine(const wire::Ready& ready, std::string_view release, const config::Mode& mode,
                    std::vector<api::Check> more);

} // namespace owhale::verbs
