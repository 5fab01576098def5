// What the verb table does not say of an operation: tags, parameters, headers, answers by status. Data and its reading.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "shared/verbs.hpp"

namespace owhale::openapi_operations {

std::string_view tag_of(const Verb& verb);
boost::json::array tags();
boost::json::array parameters(const Verb& verb);
boost::json::object responses(const Verb& verb);
bool body_required(const Verb& verb);
// What all operations' answers refer to: one refusal per status of the error table, and headers.
boost::json::object shared_responses();
boost::json::object shared_headers();

} // namespace owhale::openapi_operations
