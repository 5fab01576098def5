// Decides on a tool call of an agent: commands become runs of owhaled's, files are looked at. What judges is owhaled.
#pragma once

#include "cli/context.hpp"
#include "cli/hook_answers.hpp"

namespace owhale::cli {

// An error means that nothing is known: it is to be denied.
Result<HookDecision> rule_on(Context& context, const Agent& agent, const HookCall& call);

} // namespace owhale::cli
