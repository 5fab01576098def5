// Whose events are looked for: a principal as the log has it, or as a table shows it.
#pragma once

#include <string>

#include "cli/context.hpp"

namespace owhale::cli {

// "unix:1000", "user:alice", "tcp 192.0.2.1", "system" and "(many)" as they are. Of runs and devices an id's beginning or end will do,
// and a device is also meant by "laptop (device 7bd210d2)", "device 7bd210d2" and "device laptop", as the column PRINCIPAL has it.
// "" is "". Fails (bad_request) for anything else, with what may have been meant; not_found.
Result<std::string> principal_of(Context& context, const std::string& text);

// A run by its id, or part of it: of one's own runs, or else of those that one may see, for the log has everybody's.
Result<std::string> logged_run(Context& context, const std::string& named);

} // namespace owhale::cli
