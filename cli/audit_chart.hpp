// Counts of audit events as people read them: tables, with bars and a line of the hours on a terminal.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/output.hpp"
#include "shared/api_audit.hpp"

namespace owhale::cli {

enum class CountedBy { type, principal, outcome, hour };

// One table of all that was counted.
std::string count_table(const Look& look, const api::AuditStats& stats, CountedBy by);
// The total, the hours in a line, and the most frequent of each kind.
std::string count_overview(const Look& look, const api::AuditStats& stats);

} // namespace owhale::cli
