// What is in force, settings and the digests of what they lead to, against what was when owhaled last looked: what
// differs is an event, config.changed.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <map>
#include <string>

#include "audit/log.hpp"

namespace owhale::audit {

struct InForce {
    std::string value;  // of a setting its text, of files "sha256:…"; never a secret
    std::string source; // "default", "file PATH:LINE", …; "" of files
};
using AllInForce = std::map<std::string, InForce>; // by name

// What is not by default, name to value, each up to a KiB.
boost::json::object not_by_default(const AllInForce& now);

// Writes the event when there is a difference, then keeps `now` in `file` (0600, JSON) for the next time. Where nothing
// was kept, what is not by default is told, but in a log in which owhaled never started: there nothing can have changed.
// audit_unavailable, or what the file's disk says.
boost::asio::awaitable<Status> tell_changes(Log& log, std::string file, AllInForce now);

} // namespace owhale::audit
