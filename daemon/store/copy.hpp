// The copy of a database that is kept when its schema changes: PATH.before-NNN beside it, NNN the first migration that it
// has not seen.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "store/database.hpp"

namespace owhale::store {

// Returns its path. It is whole and on disk, mode 0600, or not there under that name; one of an earlier attempt is replaced.
// Needs as much room as the database has, and no transaction open on it.
Result<std::string> keep_copy(Database& database, int number);

// Takes copies of state.db and audit.db (whole ones and attempts) out of DIR that were written longer ago; returns their
// paths. state_unavailable when the folder cannot be read; what cannot be removed is left for the next time.
Result<std::vector<std::string>> drop_copies(const std::string& dir, std::chrono::seconds older);

} // namespace owhale::store
