// Which folder of the caller's a run may see and write. Facts in, decision out; nothing is asked of the system here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/plan.hpp"
#include "sandbox/profile.hpp"

namespace owhale::sandbox {

enum class Access {
    writable,
    readonly, // mounted, but not to be written
    hidden,   // not mounted: the view shows what it shows at this path, if anything
};

struct WorkspaceRules {
    const Tables& tables;
    std::string home;                    // resolved, "" when there is none
    std::uint32_t owner_uid = 0;         // whose rights the caller has
    std::vector<std::string> own;        // owhaled's own folders
    bool own_folder_is_workspace = true; // false in strict mode
    std::string account_folder;          // an account's, made by owhaled for it: writable wherever it lies; "" none
    std::vector<std::string> registered; // by the owner: they, and what lies in them
};

struct Judgement {
    Access access = Access::hidden;
    std::string reason; // why it is not writable, as a sentence's end: "it is your home itself"
};

// What may be done with one resolved folder. `named`: the client named it as its workspace.
Judgement judge(std::string_view path, std::uint32_t path_uid, bool named, const WorkspaceRules& rules);

struct Places { // what the spawner resolved
    std::string cwd, workspace;
    std::uint32_t cwd_uid = 0, workspace_uid = 0;
    bool workspace_named = false;
};

struct Decision {
    std::string path; // what is mounted, "" when nothing of the caller's is
    bool writable = false;
    std::string reason;          // why not writable, "" when it is
    Access cwd = Access::hidden; // readonly: the cwd lies outside `path` and is mounted too
    bool retry_with_cwd = false; // the git top level is refused, the cwd itself may do: resolve again, naming it
    bool refused = false;        // the client named a workspace that is refused
};
Decision decide_workspace(const Places& places, const WorkspaceRules& rules);

} // namespace owhale::sandbox
