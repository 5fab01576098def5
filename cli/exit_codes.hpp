// What owhalectl's exit code says: of a run (as docker run's does), or of itself.
#pragma once

#include "cli/tree.hpp"
#include "shared/api.hpp"

namespace owhale::cli {

inline constexpr int kOk = 0, kFailed = 1, kUsage = 2, kLogin = 3, kDenied = 4, kNotFound = 5, kUnreachable = 6;
inline constexpr int kRefused = 125, kCannotExecute = 126, kProgramNotFound = 127, kTimedOut = 124, kBySignal = 128;

// Of a command that failed with this error.
int exit_of(const Error& error, Exits exits);
// Of one that runs something, by how that ended.
int exit_of(const api::Run& run);
// The error behind a run that never ran, or was lost; Code::internal with an empty message when there is none.
Error error_of(const api::Run& run);

// What to do about an error that says nothing of it.
std::string_view next_step(Code code);

} // namespace owhale::cli
