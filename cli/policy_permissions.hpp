// One permission of Claude Code's settings as conditions of rules: Bash(git diff:*), Read(./.env), WebFetch(domain:x).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/request.hpp"

namespace owhale::cli {

struct Permission {
    std::string decision, whole; // "deny", "Bash(rm:*)"
    std::string tool;
    std::optional<std::string> what;
};

struct RuleDraft {
    std::string id, decision, whole, conditions, match, no_match;
    std::vector<std::string> overrides;
};

// What becomes of a permission: rules, or why there are none.
struct ImportedPermission {
    std::vector<RuleDraft> drafts;
    std::string left;
};

Permission parse_permission(const std::string& decision, const std::string& text);
ImportedPermission import_permission(const Permission& permission);

// Where its examples are judged.
policy::Facts example_place();

} // namespace owhale::cli
