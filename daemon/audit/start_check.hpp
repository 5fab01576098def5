// What is looked at before a log is written to again: cheap at any size, and the whole log when that finds something.
//
// The newest events are what their hashes and rows say, the tree's right edge is complete, and the newest checkpoint is of this
// tree. A crash leaves none of it half done, so what is found is damage or an attack: state_unavailable, with the first
// bad sequence number. What lies deeper `owhalectl audit verify` finds.
#pragma once

#include "audit/checkpoints.hpp"
#include "store/database.hpp"

namespace owhale::audit {

Status check_at_start(store::Database& database, Checkpoints& checkpoints);

} // namespace owhale::audit
