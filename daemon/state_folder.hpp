// The state folder, before the broker gives up its rights: made, or checked to be owhaled's own.
#pragma once

#include "config/settings.hpp"
#include "shared/error.hpp"

namespace owhale {

// Makes it (mode 0700) and gives it to the broker's user. One that is there has to be that user's, or root's and empty:
// nothing inside is ever handed over, so that no file can be smuggled to the broker by a link. Not followed itself.
Status prepare_state_folder(const config::Settings& settings);

// As the confined broker: whether it can reach the folder.
Status reach_state_folder(const config::Settings& settings);

} // namespace owhale
