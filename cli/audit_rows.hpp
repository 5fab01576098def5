// Audit events as people read them.
#pragma once

#include <ctime>
#include <string>
#include <vector>

#include "cli/output.hpp"
#include "shared/api_audit.hpp"

namespace owhale::cli {

std::string audit_table(const Look& look, const std::vector<api::AuditEntry>& entries);
// The same as lines that fit under each other whenever they come, or as JSON lines.
std::string audit_lines(const Look& look, const std::vector<api::AuditEntry>& entries);
std::string audit_entry(const Look& look, const api::AuditEntry& entry);
// Seconds since the epoch as RFC 3339 UTC.
std::string rfc3339(std::time_t time);

} // namespace owhale::cli
