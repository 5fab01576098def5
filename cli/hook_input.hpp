// What an agent says before it calls a tool, read from its hook's stdin by what agents/*.toml says of its form.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "cli/agents.hpp"
#include "shared/error.hpp"

namespace owhale::cli {

struct HookCall {
    std::string tool;
    std::string folder; // absolute, as the agent said it
    ToolKind kind = ToolKind::none;
    std::string field;               // of the arguments that `value` is
    std::string value;               // the command, the path or the patch; "" of a search: the folder
    std::vector<std::string> values; // of `reads`: paths and patterns, those of all alternatives
    boost::json::object arguments;
};

// At most 8 MiB to the end of stdin; body_too_large beyond it.
Result<std::string> read_hook_input();

// malformed_json: it is no JSON object. bad_request: a member that the dialect names is not there, or is not what it should be.
Result<HookCall> read_hook_call(const Agent& agent, std::string_view text);

} // namespace owhale::cli
