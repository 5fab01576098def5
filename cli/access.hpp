// Who may use owhaled's socket: uids and groups with their roles.
#pragma once

#include <string>
#include <vector>

#include "cli/context.hpp"

namespace owhale::cli {

struct Admission {
    std::string subject; // "uid:1000", "gid:27", "*"
    std::string spoken;  // as it was said: "alice", "@dev"
    std::vector<std::string> roles;
};

// "alice", "alice:agent,auditor", "@dev:agent", "1000", "*:agent": names are this machine's, so they are refused where
// owhaled may be on another. Without a role it is agent.
Result<Admission> read_admission(const std::string& text, bool here);

// Each holds at once, for connections that are open too.
Status admit(Context& context, const Admission& admission);
// A row without any role: refused, whatever the mode's default is.
Status refuse(Context& context, const Admission& admission);
// Takes the row out: the setting unix-roles and the mode decide again.
Status forget(Context& context, const Admission& admission);

Result<std::string> access_table(Context& context, const Look& look);

} // namespace owhale::cli
