#include "verbs/audit_answers.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>

#include "base/clock.hpp"

namespace owhale::verbs {

Result<api::AuditEntry> entry_of(const audit::Row& row) {
    api::AuditEntry entry{row.seq, row.hash, nullptr, {}, {}};
    if (row.dropped) return entry;
    boost::system::error_code error;
    entry.event = boost::json::parse(row.json, error);
    if (!error) return entry;
    return fail(Code::state_unavailable, "an audit event is damaged: " + std::to_string(row.seq),
                "`owhalectl audit verify` finds more");
}

std::vector<std::uint64_t> gone_of(const std::vector<api::AuditEntry>& entries) {
    std::vector<std::uint64_t> gone;
    for (const auto& entry : entries)
        if (entry.event.is_null()) gone.push_back(entry.seq);
    return gone;
}

// Both in one order.
void put_left(std::vector<api::AuditEntry>& entries, const std::vector<audit::Left>& left) {
    auto next = left.begin();
    for (auto& entry : entries) {
        if (next == left.end() || next->seq != entry.seq) continue;
        auto run = next->run.empty() ? std::nullopt : std::optional(next->run);
        entry.dropped = api::AuditDropped{next->by,
                                          rfc3339(next->dropped_us),
                                          rfc3339(next->time_us),
                                          next->event,
                                          next->principal,
                                          next->verb,
                                          next->outcome,
                                          std::move(run)};
        ++next;
    }
}

api::AuditList list_of(const audit::Page& page, bool oldest_first, std::size_t limit, std::uint64_t last) {
    api::AuditList out;
    if (!page.complete) out.next = page.searched_to;
    out.complete = page.complete || page.rows.size() >= limit;
    if (!page.complete) out.searched_to = page.searched_to;
    if (page.complete && oldest_first) out.searched_to = std::max(page.searched_to, last);
    return out;
}

api::AuditStats counts_of(const audit::Stats& stats) {
    api::AuditStats out;
    out.total = stats.total;
    out.complete = stats.complete;
    const auto list = [](const audit::Stats::Counted& counted) {
        std::vector<api::AuditCount> counts;
        for (const auto& [name, count] : counted) counts.push_back({name, count});
        return counts;
    };
    out.by_event = list(stats.by_event);
    out.by_principal = list(stats.by_principal);
    out.by_outcome = list(stats.by_outcome);
    for (const auto& [hour, count] : stats.by_hour) out.by_hour.push_back({rfc3339(hour), count});
    return out;
}

} // namespace owhale::verbs
