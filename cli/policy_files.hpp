// The files of rules there are: the administrator's folder, and the project's own. Whose files they are is checked here.
#pragma once

#include <string>
#include <vector>

#include "policy/ruleset.hpp"

namespace owhale::cli {

struct PolicyPlaces {
    std::string rules;     // --rules: a folder or a file instead of the administrator's folder; "none": neither
    std::string workspace; // "" none: no project file
    bool examples = false; // of the shipped rules, too
};

// /etc/owhaled/policy.d, and below a user's own $XDG_CONFIG_HOME (by default ~/.config) owhaled/policy.d.
std::vector<std::string> policy_folders();

// Each *.toml of a folder, sorted; or the file itself. config_invalid when it, or its folder, belongs to somebody who
// is neither root nor us, or may be written by others: a rule that somebody else wrote is worse than none.
Result<std::vector<policy::Source>> read_sources(const std::string& path, policy::Origin origin);

// The shipped rules, then all of these. A file that is wrong is an error, never left out.
Result<std::vector<policy::Source>> all_sources(const PolicyPlaces& places);

} // namespace owhale::cli
