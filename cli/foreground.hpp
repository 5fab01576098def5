// Starts a run, or joins one, as the foreground command that owhalectl then is: streams, signals, exit code, notes.
#pragma once

#include "cli/context.hpp"
#include "cli/run_options.hpp"
#include "cli/session.hpp"

namespace owhale::cli {

// The exit code. With -o json the run as JSON is printed once it has ended; with jsonl, its events as they come.
Result<int> attend_run(Context& context, Attachment attachment);

// What its user should know of how a run ended, on stderr: why it never ran, what ended it, which files it planted.
// Not that its folder is no workspace: a shell would say it at each command.
void tell_end_of(const api::Run& run);

// Starts a run that stays behind, and prints its id (or the run, as JSON).
Result<int> start_detached(Context& context, Call create);

// `run` and `code`: makes the run of a request, and stays with it unless it is detached.
Result<int> create_run(Context& context, const api::RunRequest& request, const RunOptions& options);

} // namespace owhale::cli
