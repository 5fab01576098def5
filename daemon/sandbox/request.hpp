// The limits of a run request, by name, before anything is asked of the spawner.
#pragma once

#include "sandbox/runs.hpp"
#include "shared/api.hpp"
#include "shared/error.hpp"

namespace owhale::sandbox {

// Everything but argv, script and code, which make_command() checks. Hosts come out in their one spelling.
Status check_request(api::RunRequest& request, const Caller& caller);
// Of `exec` everything but argv.
Status check_request(const api::ExecRequest& request);
// The bytes that stdin and stdin_base64 give, empty when neither.
Result<std::string> given_stdin(const api::RunRequest& request);

} // namespace owhale::sandbox
