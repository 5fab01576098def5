// The broker's composition root: the only place that wires its parts together.
#pragma once

#include "base/fd.hpp"
#include "base/secret_bytes.hpp"
#include "config/settings.hpp"

namespace owhale {

// Runs the broker until SIGTERM, or until the spawner at the other end of `channel` goes; then ends the process: 0 after
// SIGTERM, 3 when the spawner went, 1 otherwise. Returns (1, having said why) only when the start failed. Called before
// any thread.
// `passphrase`: of the vault, when the supervisor asked for it.
int run_broker(const config::Settings& settings, Fd channel, SecretBytes passphrase);

} // namespace owhale
