// What a hook decides, in each agent's own words.
#pragma once

#include <optional>
#include <string>

#include "cli/hook_input.hpp"

namespace owhale::cli {

struct HookDecision {
    enum class Kind {
        none,    // the agent goes on as if there were no hook
        rewrite, // the call goes ahead with `command`, which is a call of ours, in place of its own
        same,    // the command is such a call already, word for word
        ask,     // the agent's person is asked
        deny,
    } kind = Kind::none;
    std::string reason; // for the model, and for who is asked; UTF-8, safe to show
    std::string command;
};

// One JSON object and a line end. The one place where "allow" is written, and then the command is one of ours. What the agent
// cannot say is denied: an ask where it has none, a rewrite too.
std::string hook_answer(const Agent& agent, const HookCall& call, const HookDecision& decision);

} // namespace owhale::cli
