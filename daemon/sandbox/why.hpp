// Guesses why a run failed: what it printed, held against what its cage has. Table-driven, and never more than a guess.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sandbox/run.hpp"
#include "shared/api.hpp"

namespace owhale::sandbox {

struct FailureFacts {
    std::string state;
    std::string code;  // of a failed one
    std::string limit; // that ended it
    std::string tail;  // the end of its stderr, or of a terminal's output
    std::string net, profile, filter, workspace;
    bool workspace_writable = false;
    bool of_run = false; // a run asked for it: it is no wider than that
    int exit_code = 0;
    std::uint32_t pids_refused = 0;
    std::vector<std::string> planted;
};

std::vector<api::Hint> guess(const FailureFacts& facts);
// One sentence on how it ended.
std::string summary(const api::Run& run);

FailureFacts facts_of(const Run& run, State state, const wire::RunEnded& end);

} // namespace owhale::sandbox
