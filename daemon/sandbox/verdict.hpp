// May this run? The one place where the answer is made, until the policy part gives it.
#pragma once

#include "config/settings.hpp"
#include "sandbox/plan.hpp"
#include "shared/api.hpp"

namespace owhale::sandbox {

// Pure: the mode's rules and the machine's facts in, a verdict out. "allow" or "deny".
api::Verdict decide(const config::Settings& settings, const wire::Ready& ready);

} // namespace owhale::sandbox
