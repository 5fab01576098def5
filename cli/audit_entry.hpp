// One audit event as a person reads it, and whether it is in the log's tree.
#pragma once

#include <string>

#include "cli/output.hpp"
#include "shared/api_audit.hpp"

namespace owhale::cli {

// Who, what, when, the verdict and what the run's receipt says of its cage; then all of its data.
std::string audit_entry(const Look& look, const api::AuditEntry& entry);

} // namespace owhale::cli
