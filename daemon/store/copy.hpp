// The copy of a database that is kept when its schema changes: PATH.before-NNN beside it, NNN the first migration that it
// has not seen.
#pragma once

#include "store/database.hpp"

namespace owhale::store {

// Returns its path. It is whole and on disk, mode 0600, or not there under that name; one of an earlier attempt is replaced.
// Needs as much room as the database has, and no transaction open on it.
Result<std::string> keep_copy(Database& database, int number);

} // namespace owhale::store
