// What is kept outside of a log and says how it once was: root's file of tree heads, the system's journal, a saved
// checkpoint, and the newest one that this user has seen.
//
// All of it is read before the log itself: a log that runs has then at least what these say.
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>

#include "cli/verify/claims.hpp"

namespace owhale::cli::verify {

// "# owhaled heads 1 ORIGIN VKEY", then a line for each head: SIZE ROOT TIME. Of more than a million every second
// one.
Kept heads_in(const std::string& path);
// The checkpoints that owhaled told journald, by journalctl: first those of `broker`, then, unless they are surely all that
// is meant, anybody's (whose signatures decide).
Kept heads_in_journal(std::optional<uid_t> broker, bool surely);
// Fails when it cannot be read or is none: it was named.
Result<Kept> checkpoint_in(const std::string& path);

} // namespace owhale::cli::verify
