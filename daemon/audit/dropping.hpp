// Bodies of old events, taken out of the log's file; hashes and rows stay. Order matters, so that a crash at any point
// leaves a log that can be explained: the event that tells it is on disk, then the line is noted, then bodies go.
#pragma once

#include <cstdint>

#include "store/database.hpp"

namespace owhale::audit {

struct Drop {                  // what is about to go
    std::uint64_t through = 0; // 0: nothing is
    std::uint64_t count = 0;   // bodies
    std::int64_t oldest_us = 0, newest_us = 0;
    std::uint64_t last = 0; // the newest event
};

// What is by its age to go.
struct Age {
    std::int64_t now_us = 0, keep_us = 0;
    std::int64_t needed_us = INT64_MAX; // nothing that was written from then on goes
    std::uint64_t seen = 0;             // up to there owhaled has seen it lie for that long
};
// What is older than that (retention_line.hpp) and not gone yet; nothing while that is retention's own events alone.
Result<Drop> find_droppable(store::Database& database, const Age& age);

// Notes that bodies up to `through` go, as the event `told` says. Nothing when that is noted already.
Status note_drop(store::Database& database, std::uint64_t through, std::uint64_t told);

// Takes out up to `most` of the bodies that may go by what is noted; returns how many went. What owhaled itself reads of
// the log stays: the newest events about secrets, and the beginnings of runs that go on.
Result<std::uint64_t> drop_some(store::Database& database, std::size_t most);

} // namespace owhale::audit
