// Keeps a second owhaled off the same state folder.
#pragma once

#include "base/fd.hpp"
#include "shared/error.hpp"

namespace owhale::store {

// Takes DIR/lock for as long as the descriptor is open. Fails with conflict, naming the pid that holds it.
Result<Fd> lock_state(const std::string& dir);

} // namespace owhale::store
