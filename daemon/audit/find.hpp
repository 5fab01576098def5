// Reads the audit log: filters of a Query to SQL, rows to Row.
#pragma once

#include <vector>

#include "audit/log.hpp"
#include "store/database.hpp"

namespace owhale::audit {

Result<std::vector<Row>> find_rows(store::Database& database, const Query& query);
// The newest event of this name and outcome.
Result<std::optional<Row>> newest_row(store::Database& database, std::string_view event, std::string_view outcome);
// Whether the run was ever about to begin.
Result<bool> has_intent(store::Database& database, std::string_view run);
Result<std::vector<std::string>> open_runs(store::Database& database);

} // namespace owhale::audit
