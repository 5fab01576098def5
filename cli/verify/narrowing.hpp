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
    std::uint64_t line = 0;      // of the file of the first of `refuting`; 0: it is none
    Hash root{};                 // what it should have been over `through`
    std::vector<int> refuting;   // the anchors that say so
    std::optional<int> matching; // the anchor that holds at `after`; none: it is 0
    bool signed_anew = false;    // a checkpoint of the log's own holds where an anchor does not: its key was misused
    bool held_beyond = false;    // by an anchor that holds at `through` or later
    // What holds behind `after` on the word of one who may have changed the log; by a checkpoint of its own: -1.
    std::uint64_t keyed = 0;
    int keyed_by = -1;
};

// Of claims whose state is known, in the order of their sizes; nothing when no anchor is refuted. `forgeable`, by anchor: who
// has the log's key, or may write its folder, can make it say what he likes, so that it bounds nothing from below, as little
// as a checkpoint of the log's own.
std::optional<Narrowed> narrowed(std::span<const Claim> claims, const std::vector<bool>& forgeable);

} // namespace owhale::cli::verify
