#include "audit/rows.hpp"

#include "audit/event_json.hpp"

namespace owhale::audit {

Query event_at(std::uint64_t seq) {
    Query query;
    query.after = seq == 0 ? 0 : seq - 1;
    query.before = seq + 1;
    query.limit = 1;
    return query;
}

std::string time_of(const Row& row) {
    return std::string(text_in(event_object(row.json), "time"));
}

} // namespace owhale::audit
