// The Unix listener. The supervisor makes it and keeps it, so that connections wait in its queue while the others start
// again; the spawner accepts on it; the broker never has it.
#pragma once

#include <string>

#include "base/fd.hpp"
#include "shared/error.hpp"

namespace owhale {

// Binds and listens. A socket left by a dead owhaled is replaced; a live one's is not (conflict). Everybody may connect
// (0666): who may do what is decided by the uid noted at accept. Rootless: the owner alone (0600).
Result<Fd> listen_on(const std::string& path, bool rootless);

} // namespace owhale
