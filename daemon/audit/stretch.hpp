// Reads the log in the order of its sequence, a stretch at a time: each in a short transaction of its own, so that a
// long reading pins no write-ahead log and holds up no writer.
#pragma once

#include <cstdint>
#include <vector>

#include "audit/log.hpp"
#include "audit/retention_line.hpp"
#include "store/database.hpp"

namespace owhale::audit {

// As many as fit in about 256 KiB, and at least one; at most 4096 are looked at.
Result<Stretch> read_stretch(store::Database& database, const Span& span);

// The latest time of each 256 events, then the time of each of the last ones: for old_enough(). From the first event
// after `after` on, whole groups only.
Result<std::vector<Point>> time_points(store::Database& database, std::uint64_t after);
// One point an event.
Result<std::vector<Point>> times_between(store::Database& database, std::uint64_t after, std::uint64_t through);

} // namespace owhale::audit
