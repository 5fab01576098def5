#include "audit/event_json.hpp"

#include <boost/json/parse.hpp>

namespace owhale::audit {

namespace json = boost::json;

json::object event_object(std::string_view text) {
    boost::system::error_code error;
    auto value = json::parse(text, error);
    return !error && value.is_object() ? std::move(value.get_object()) : json::object();
}

std::string_view text_in(const json::object& from, std::string_view name) {
    const auto* value = from.if_contains(name);
    return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

json::object object_in(const json::object& from, std::string_view name) {
    const auto* value = from.if_contains(name);
    return value != nullptr && value->is_object() ? value->get_object() : json::object();
}

} // namespace owhale::audit
