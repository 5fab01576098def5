// The folder of the spawner's tree heads, before anything runs: root's own, where the broker cannot reach.
#pragma once

#include "config/settings.hpp"
#include "shared/error.hpp"

namespace owhale {

// Makes it where it is missing (mode 0755); one that cannot be made is the spawner's to tell of. Fails with config_invalid
// when audit-heads lies where the broker or an account could change it. Rootless nothing is checked: all is one user's.
Status ensure_heads_dir(const config::Settings& settings);

} // namespace owhale
