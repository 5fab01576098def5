// What `owhalectl agents add` and `rm` would make of an agent's configuration files.
#pragma once

#include <string>
#include <vector>

#include "cli/agents.hpp"
#include "cli/config_files.hpp"

namespace owhale::cli {

struct Scope {
    bool project = false; // below the current folder; else the user's
    bool mcp = true, hook = true;
};

struct ConfigChange {
    ConfigFile before;
    std::string after;
    bool gone = false; // the file is to go: it held nothing else
};

// Only files that would change. An entry of ours that is there is taken out first, so that another place of owhalectl is
// brought up to date.
Result<std::vector<ConfigChange>> changes_to_add(const Agent& agent, const Scope& scope);
Result<std::vector<ConfigChange>> changes_to_remove(const Agent& agent, const Scope& scope);

// Which entries of ours are there: "mcp (user), hook (project)"; a file that cannot be read says so.
std::string configured(const Agent& agent);

// The text to paste: the entry with its place around it.
Result<std::string> snippet(const Agent& agent);

// Where a place of the table is here: "" none.
std::string path_of(std::string_view place, bool project);

} // namespace owhale::cli
