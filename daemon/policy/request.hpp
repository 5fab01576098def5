// What is to be judged, and what is known about where it would run. Plain data; nothing here does I/O.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace owhale::policy {

struct Request { // exactly one of argv, script, code
    std::vector<std::string> argv;
    std::optional<std::string> script;
    std::string language; // of code; see RunRequest
    std::optional<std::string> code;
    std::vector<std::string> args; // of a script or code: $1, sys.argv[1], …
    std::string net = "none";      // what the caller asked for: "none", "host"
};

struct Facts {
    std::string cwd = "/";
    std::string workspace;                  // "" none
    std::string home;                       // "" unknown
    std::map<std::string, std::string> env; // values that the run will have, as far as they may be known
    std::set<std::string> placeholders;     // variables that stand for a secret, and hold none: they may be seen
    std::map<std::string, std::string>
        real; // path as the normal form has it -> what it is after links (spawner's resolve)
};

// Facts for a check without a daemon: cwd is absolute; the workspace is the one that owhaled would find by the text of
// the path alone (never /, a home, an ancestor of one, a dot-folder below one, a system folder).
Facts facts_of_path(std::string cwd, std::string home);

} // namespace owhale::policy
