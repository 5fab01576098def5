// Rows of the audit log as the API tells them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "audit/index/stats.hpp"
#include "audit/log.hpp"
#include "shared/api_audit.hpp"

namespace owhale::verbs {

// Fails (state_unavailable) for a row that is damaged.
Result<api::AuditEntry> entry_of(const audit::Row& row);

// Which of these entries are of events that are no longer kept; and what is left of those, put into them.
std::vector<std::uint64_t> gone_of(const std::vector<api::AuditEntry>& entries);
void put_left(std::vector<api::AuditEntry>& entries, const std::vector<audit::Left>& left);

// What was asked for, and what of it a page has. `last` is an event that the log had before the page was read.
api::AuditList list_of(const audit::Page& page, bool oldest_first, std::size_t limit, std::uint64_t last);

api::AuditStats counts_of(const audit::Stats& stats);

} // namespace owhale::verbs
