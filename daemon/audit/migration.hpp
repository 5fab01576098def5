// Brings a log of the first schema to the second: its events become leaves of the tree, byte for byte.
#pragma once

#include "store/database.hpp"

namespace owhale::audit {

// In the transaction of the migration's SQL. Refuses (state_unavailable, with the sequence) a log in which an event is
// not what its hash says: what is damaged is not made to look whole.
Status move_events(store::Database& database);

} // namespace owhale::audit
