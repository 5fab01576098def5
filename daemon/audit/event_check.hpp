// Whether an event's data is as the table says.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "audit/event_types.hpp"

namespace owhale::audit {

// One phrase a fault, as "`exit` is not in the table"; empty when all is well. A required member may be missing where
// an attempt failed (Act::tried).
std::vector<std::string> faults_of(const EventType& type, std::string_view outcome, const boost::json::object& data);

} // namespace owhale::audit
