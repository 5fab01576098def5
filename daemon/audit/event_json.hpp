// A stored event's JSON for who only passes it on: what is missing, or is something else, is empty.
#pragma once

#include <boost/json/object.hpp>
#include <string_view>

namespace owhale::audit {

// {} of a text that is no JSON object.
boost::json::object event_object(std::string_view text);
// The member; "" and {} when there is none of that kind. The view is of `from`.
std::string_view text_in(const boost::json::object& from, std::string_view name);
boost::json::object object_in(const boost::json::object& from, std::string_view name);

} // namespace owhale::audit
