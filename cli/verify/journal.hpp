// The checkpoints that owhaled told journald, by journalctl.
//
// They are read before the log itself: one that runs has then at least what these say.
#pragma once

#include <optional>
#include <sys/types.h>

#include "cli/verify/claims.hpp"

namespace owhale::cli::verify {

// First those of `broker`, then, unless they are surely all that is meant, anybody's (whose signatures decide).
Kept heads_in_journal(std::optional<uid_t> broker, bool surely);

} // namespace owhale::cli::verify
