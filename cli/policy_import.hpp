// Permissions of other agents as rules.
#pragma once

#include <string>
#include <vector>

#include "policy/ruleset.hpp"

namespace owhale::cli {

struct Imported {
    std::string rules;             // a file of rules whose examples hold
    std::vector<std::string> left; // what could not be kept, and why
    std::size_t kept = 0;
};

// Of Claude Code's settings.json: `permissions`. bad_request when the text is none.
Result<Imported> import_claude_code(std::string_view settings, const std::string& name);

} // namespace owhale::cli
