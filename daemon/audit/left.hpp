// What is left of events whose bodies retention has dropped: by what they were found, and which event tells of the drop.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/database.hpp"

namespace owhale::audit {

struct Left {
    std::uint64_t seq = 0;
    std::int64_t time_us = 0;
    std::string event, principal, verb, outcome;
    std::string run;             // "": of none
    std::uint64_t by = 0;        // the event `audit.dropped`
    std::int64_t dropped_us = 0; // when that it goes was noted
};

// Of those of `seqs` up to which a drop is noted, in their order; others are left out.
Result<std::vector<Left>> left_of(store::Database& database, const std::vector<std::uint64_t>& seqs);

} // namespace owhale::audit
