// Between which of its events a log departs from what is kept outside of it, by all that is said of it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "cli/verify/claims.hpp"

namespace owhale::cli::verify {

struct Narrowed {
    std::uint64_t after = 0,
                  through = 0;   // the first event that is another is one of those behind `after`, up to `through`
    std::vector<int> refuting;   // the anchors that say so
    std::optional<int> matching; // the anchor that holds at `after`, -1: a checkpoint of the log's own; none: it is 0
    bool signed_anew = false;    // a checkpoint of the log's own holds where an anchor does not: its key was misused
};

// Of claims whose state is known, in the order of their sizes; nothing when no anchor is refuted. `forgeable`, by anchor: who
// has the log's key can say this, too, so that it bounds nothing where that key was misused.
std::optional<Narrowed> narrowed(std::span<const Claim> claims, const std::vector<bool>& forgeable);

} // namespace owhale::cli::verify
