// Points in time as people write them for --since and --until: local time, or so long ago.
#pragma once

#include <ctime>
#include <string>
#include <string_view>

#include "shared/error.hpp"

namespace owhale::cli {

// As RFC 3339 in UTC: "90s", "15m", "2h", "7d" (so long before `now`), "now", "today" and "yesterday" (0:00), "09:00"
// (today), "2026-11-20", "2026-11-20 09:00", "2026-11-20T09:00:30"; all in the zone of TZ. With a zone of its own
// ("2026-11-20T09:00:00Z", "…+01:00") it is left as it is. An hour that a change of clocks has skipped is the one after it.
// `what` names it in errors; invalid_value.
Result<std::string> moment(std::string_view text, std::string_view what, std::time_t now);
// Both of --since and --until as moment() has them, "" for what is not given; bad_request where no time lies between them.
struct Stretch {
    std::string since, until;
};
Result<Stretch> stretch(std::string_view since, std::string_view until, std::time_t now);
// Seconds since the epoch as RFC 3339 UTC.
std::string rfc3339(std::time_t time);

} // namespace owhale::cli
