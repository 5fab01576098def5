// What a shell was called with, made into a request for a run.
#pragma once

#include <optional>
#include <string>

#include "cli/context.hpp"
#include "cli/run_options.hpp"
#include "cli/shell/arguments.hpp"

namespace owhale::cli::shell {

struct Asked {
    api::RunRequest request;
    std::optional<std::string> folder_file; // as wrappers.hpp says
    bool fed = false; // the commands come on stdin: each is judged before the shell in the cage gets it
};

// A script goes as `script` where it can, and as argv (/bin/bash with its options, -c, the text, $0, …) where it has options,
// a $0 or no text; policy reads both the same way. `terminal`: the run gets a pty.
Result<Asked> asked_of(Context& context, const Invocation& invocation, bool terminal);

// OWHALE_SH_OPTIONS: options of `owhalectl run` for each script: --profile, --net, --allow-host, --timeout and the like.
Result<RunOptions> options_here();

} // namespace owhale::cli::shell
