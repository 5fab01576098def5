// The newest checkpoint that was verified here of each log: a log that is shorter, or another, was put back or made anew.
#pragma once

#include "cli/verify/claims.hpp"

namespace owhale::cli::verify {

Kept known_logs();
// The checkpoint that is remembered of this log.
Result<std::optional<merkle::Checkpoint>> known_checkpoint(const merkle::NoteKey& key);
// Whose log was verified at this place last ("/var/lib/owhaled", "build-host:7717").
Result<std::optional<merkle::NoteKey>> known_at(const std::string& place);
// Keeps `note`, which holds, and where that was, "" somewhere; of the note nothing when what is kept is of more events.
Status remember(const merkle::NoteKey& key, std::string_view note, const std::string& place = "");

} // namespace owhale::cli::verify
