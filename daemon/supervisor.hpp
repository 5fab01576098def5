// The supervisor: owhaled before it gives anything up. It listens, starts spawner and broker, and waits on both; when
// either goes it ends the other and every run, and starts again with backoff. It reads nothing that a stranger wrote.
#pragma once

#include "config/settings.hpp"

namespace owhale {

// Returns owhaled's exit code.
int supervise(const config::Settings& settings);

} // namespace owhale
