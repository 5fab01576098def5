// Rows of the audit log as the API tells them.
#pragma once

#include <optional>
#include <string>

#include "audit/index/stats.hpp"
#include "shared/api_audit.hpp"

namespace owhale::verbs {

// Fails (state_unavailable) for a row that is damaged.
Result<api::AuditEntry> entry_of(const audit::Row& row);

// What was asked for, and what of it a page has. `last` is an event that the log had before the page was read.
api::AuditList list_of(const audit::Page& page, bool oldest_first, std::size_t limit, std::uint64_t last);

api::AuditStats counts_of(const audit::Stats& stats);

} // namespace owhale::verbs
