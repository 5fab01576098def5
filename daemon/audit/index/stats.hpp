// How many events of what kind there are in a time: whole hours from the index, the rest counted in the log.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "audit/index/search.hpp"

namespace owhale::audit {

struct StatsQuery {
    std::string since, until;              // RFC 3339, inclusive / exclusive
    std::string principal, event, outcome; // as in Query
};

struct Stats {
    using Counted = std::vector<std::pair<std::string, std::uint64_t>>;
    std::uint64_t total = 0;
    // Largest first. Principals of runs are one, "run:*"; beyond the first 200 all are "others".
    Counted by_event, by_principal, by_outcome;
    std::vector<std::pair<std::int64_t, std::uint64_t>>
        by_hour; // where an hour (UTC) begins, µs; hours with none are left out
    // Events up to there are counted; fewer than the log has while the index is made again.
    std::uint64_t through = 0;
    bool complete = true;
};

namespace index {

Result<Stats> count_events(Sources& sources, const StatsQuery& query);

} // namespace index
} // namespace owhale::audit
