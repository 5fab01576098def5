// What one audit event says. Its canonical JSON (RFC 8785) is what is stored, hashed and, later, put into the Merkle
// tree: the bytes never change meaning. Only strings, booleans, integers within ±2^53, arrays and objects occur.
//
//   {"event":"run.intent","id":"<UUIDv7>","outcome":"…","principal":"unix:1000","run":"<UUIDv7>","time":"…Z",
//    "v":1,"verb":"runs.create","data":{…}}
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>

#include "audit/event_name.hpp"
#include "shared/error.hpp"

namespace owhale::audit {

struct Event {
    EventName event;
    std::string principal; // "unix:1000", "system"
    std::string verb;      // verb table name, "" for the daemon's own
    std::string outcome;   // "pending", "exited", "failed", "denied", …
    std::string run;       // UUID or ""
    boost::json::object data;
    bool for_agent = false; // not part of it: a token of an agent's did it, for which the log's reserve is not
};

// RFC 8785. Fails (invalid_value) on numbers it cannot carry exactly and on invalid UTF-8.
Result<std::string> canonical(const boost::json::value& value);

} // namespace owhale::audit
