// The newest checkpoint that was verified here of each log: a log that is shorter, or another, was put back or made anew.
#pragma once

#include "cli/verify/claims.hpp"

namespace owhale::cli::verify {

Kept known_logs();
// The checkpoint that is remembered of this log.
Result<std::optional<merkle::Checkpoint>> known_checkpoint(const merkle::NoteKey& key);
// Keeps `note`, which holds; nothing when what is kept is of more events.
Status remember(const merkle::NoteKey& key, std::string_view note);

} // namespace owhale::cli::verify
