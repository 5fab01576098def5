#include "audit/rows.hpp"

#include <boost/json/parse.hpp>

namespace owhale::audit {

Query event_at(std::uint64_t seq) {
    Query query;
    query.after = seq == 0 ? 0 : seq - 1;
    query.before = seq + 1;
    query.limit = 1;
    return query;
}

std::string time_of(const Row& row) {
    boost::system::error_code error;
    const auto event = boost::json::parse(row.json, error);
    const auto* object = error ? nullptr : event.if_object();
    const auto* time = object == nullptr ? nullptr : object->if_contains("time");
    return time != nullptr && time->is_string() ? std::string(time->get_string()) : std::string();
}

} // namespace owhale::audit
