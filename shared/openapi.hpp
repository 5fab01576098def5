// This API as an OpenAPI 3.1 document: paths from the verb table, schemas from the described messages.
#pragma once

#include <boost/json/object.hpp>
#include <string_view>

namespace owhale {

boost::json::object openapi(std::string_view version);

} // namespace owhale
