// The options by which audit events are chosen, as `audit ls` and `audit stats` take them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/context.hpp"
#include "cli/tree.hpp"

namespace owhale::cli {

struct AuditFilters {
    std::string since, until, principal, verb, event, outcome, run;
    std::vector<std::string> grep; // one at most
};

void declare_times(Command command, AuditFilters& filters);
// For the query of a call. Times become RFC 3339. `verb` may name events too: people look for what they have read. Fails
// (bad_request, invalid_value) with the close ones for a word that there is not, and for what cannot be a principal.
Result<std::vector<std::pair<std::string, std::string>>> query_of(Context& context, const AuditFilters& filters);

} // namespace owhale::cli
