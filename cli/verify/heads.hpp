// Root's file of tree heads, which owhale-spawner writes: "# owhaled heads 1 ORIGIN VKEY", then a line for each head: SIZE ROOT TIME.
//
// A line that a loss of power cut off is passed over, as the spawner does. Another that is none, or that says of how many events
// it is less than the one before, was damaged: it says nothing of the log, and is told by its number.
#pragma once

#include "cli/verify/claims.hpp"

namespace owhale::cli::verify {

// Read before the log itself, which has then at least what it says. Of more than a million heads every second one.
Kept heads_in(const std::string& path);

} // namespace owhale::cli::verify
