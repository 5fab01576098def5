// One line for a person about an event, by the pattern of its type.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "audit/event_types.hpp"

namespace owhale::audit {

// `whole` is the event as stored. What it does not have is left out; what could move a terminal's cursor becomes a blank,
// and a value is cut at 200 bytes.
std::string summary_of(const EventType& type, const boost::json::object& whole);

// How loud it is: one louder than its type when it failed or was refused, but for what is a warning anyway.
Severity severity_of(const EventType& type, std::string_view outcome);

} // namespace owhale::audit
