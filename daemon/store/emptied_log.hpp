// Empties a database's write-ahead log: what was deleted is then in neither, for Database overwrites it.
#pragma once

#include "store/database.hpp"

namespace owhale::store {

// Between two transactions. Waits for readers, for WalBound::kPatienceMs at most; false: one was in the way, or the disk
// failed, and the log is written over when it begins anew.
bool empty_log(Database& database);

} // namespace owhale::store
