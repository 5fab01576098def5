// The transport's connection as the sandbox's caller.
#pragma once

#include <memory>

#include "sandbox/runs.hpp"
#include "transport/exchange.hpp"

namespace owhale::verbs {

// The registry hears, once, when the connection of this request closes.
sandbox::Caller caller_of(const transport::Request& request, sandbox::Runs& runs);

// The run that a request names by its id, if the caller may see it, live or ended. To control it (`permission`) it must
// be no wider than what the caller's token lets its own runs be: forbidden.
struct Found {
    api::Run record;
    std::shared_ptr<sandbox::Run> live; // null when it has ended
};
Result<Found> find_run(const transport::Request& request, sandbox::Runs& runs, identity::Permission permission);
// The same, to be controlled, which must be live: run_ended otherwise.
Result<std::shared_ptr<sandbox::Run>> find_live(const transport::Request& request, sandbox::Runs& runs);

} // namespace owhale::verbs
