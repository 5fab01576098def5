// Reads the audit log: filters of a Query to SQL, rows to Row.
#pragma once

#include <vector>

#include "audit/log.hpp"
#include "store/database.hpp"

namespace owhale::audit {

Result<std::vector<Row>> find_rows(store::Database& database, const Query& query);
Result<std::vector<std::string>> open_runs(store::Database& database);

// "2026-11-22", "2026-11-22T13:00:00Z", with a fraction, with +01:00: the form in which times are stored, to compare
// with. Fails with invalid_value.
Result<std::string> stored_time(const std::string& text);

} // namespace owhale::audit
