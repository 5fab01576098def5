// New events of the audit log as they come, each once, over restarts of owhaled.
#pragma once

#include "cli/audit_output.hpp"
#include "cli/audit_pages.hpp"

namespace owhale::cli {

// The last event of the log that one may see; 0: there is none.
Result<std::uint64_t> last_event(Context& context);

// What is said when an orderly end of owhaled ends the following.
std::string owhaled_ended(std::uint64_t last);

// Those after the event `after` that fit the query, until owhaled is stopped in order, we are, or nobody reads our stdout;
// a crash is outlasted. Ends with an error when owhaled refuses, or when its log has become another one.
Status follow_audit(Context& context, const AuditPages::Query& query, std::uint64_t after, AuditOutput& output);

} // namespace owhale::cli
