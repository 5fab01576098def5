// The frames that agents put around a command before they give it to a shell: their own bookkeeping, in files that no cage
// shows. It is found in the parsed script, never by looking at text: a here-document or a string that reads like one is none.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace owhale::cli::shell {

struct Unwrapped {
    std::string script;                     // what is judged and run
    std::optional<std::string> folder_file; // the agent wants the folder written here in which the script ended
};

// `roots`: folders in which agents keep files of that kind (/tmp, TMPDIR).
//   `pwd -P >| /tmp/claude-ab12-cwd` becomes a command that prints the folder behind all output (folder_note.hpp);
//   `source ~/.claude/shell-snapshots/snapshot-….sh` becomes `true`: it holds functions and aliases of the person's own
//     shell, lies in the agent's state, and would be in everything that people are asked about;
//   `pgrep -g 0 >/tmp/shell_pgrep_….tmp` becomes `true`: process numbers of the cage mean nothing outside.
// A script that does not parse, or has no such part, comes back as it is.
Unwrapped unwrapped(const std::string& script, const std::vector<std::string>& roots);

// Where those files lie: /tmp, and what TMPDIR and the agents' own variables name.
std::vector<std::string> roots_here();

} // namespace owhale::cli::shell
