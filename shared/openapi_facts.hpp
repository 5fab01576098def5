// What the API's fields say beyond their type: enumerations, formats, ranges. Data; openapi.cpp puts it into the schemas.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string_view>

namespace owhale::openapi_facts {

// Adds what is known of `key` in the message `owner` to its schema. A list's elements get what is known of the list.
void enrich(boost::json::object& schema, std::string_view owner, std::string_view key);

// What a whole message says beyond its fields: its description, and which of its fields exclude each other.
void enrich_message(boost::json::object& schema, std::string_view owner);

// "queued", "waiting_approval", …, by the name that the facts use: "run_state", "code", "role".
boost::json::array words(std::string_view set);

// A body for the verb of this name; empty: none is kept.
boost::json::object example(std::string_view verb);

} // namespace owhale::openapi_facts
