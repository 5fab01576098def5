#include "audit/log.hpp"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>

#include "sandbox/state.hpp"
#include "shared/api_audit.hpp"
#include "verbs/groups.hpp"
#include "verbs/reply.hpp"

namespace owhale::verbs {
namespace {

using boost::asio::awaitable;
using identity::Permission;
using transport::Request;
using transport::Response;

constexpr std::uint64_t kMaxSequence = std::uint64_t{1} << 53;
constexpr std::size_t kMaxText = 256;

Result<api::AuditEntry> entry_of(const audit::Row& row) {
    boost::system::error_code error;
    auto event = boost::json::parse(row.json, error);
    if (error)
        return fail(Code::state_unavailable, "an audit event is damaged: " + std::to_string(row.seq),
                    "`owhalectl audit verify` finds more");
    return api::AuditEntry{row.seq, row.hash, std::move(event), {}, {}};
}

Result<std::optional<std::uint64_t>> sequence_of(const Request& request, const std::string& name) {
    if (!request.query.contains(name)) return std::nullopt;
    return TRY(number_of(request, name, 0, kMaxSequence));
}

// What an event can end with: an act's outcomes, and the ends of runs.
Status check_outcome(const std::string& outcome) {
    constexpr std::array<std::string_view, 4> kActs = {"ok", "pending", "failed", "denied"};
    const auto state = sandbox::state_of(outcome);
    if (outcome.empty() || std::ranges::find(kActs, outcome) != kActs.end() || (state && sandbox::ended(*state)))
        return {};
    return fail(Code::invalid_value, "outcome: no event has such an outcome",
                "one of: ok, pending, failed, denied; of runs exited, signaled, timed_out, limit_exceeded, killed, "
                "expired, cancelled, lost");
}

Result<audit::Query> query_of(const Request& request) {
    CHECK(only(request,
               {"after", "before", "since", "until", "principal", "verb", "outcome", "run", "grep", "event", "limit"}));
    audit::Query query;
    query.after = TRY(sequence_of(request, "after"));
    query.before = TRY(sequence_of(request, "before"));
    query.limit = TRY(number_of(request, "limit", 100, 1000));
    if (query.limit == 0) return fail(Code::invalid_value, "limit must be at least 1");
    struct Row {
        const char* name;
        std::string audit::Query::* member;
    };
    for (const auto& [name, member] : {Row{"since", &audit::Query::since}, Row{"until", &audit::Query::until},
                                       Row{"principal", &audit::Query::principal}, Row{"verb", &audit::Query::verb},
                                       Row{"outcome", &audit::Query::outcome}, Row{"run", &audit::Query::run},
                                       Row{"grep", &audit::Query::grep}, Row{"event", &audit::Query::event}}) {
        query.*member = text_of(request, name);
        if ((query.*member).size() > kMaxText)
            return fail(Code::invalid_value, std::string(name) + " is longer than 256 bytes");
    }
    CHECK(check_outcome(query.outcome));
    // Everybody's events are for those who may see them; others see their own, whatever they ask for.
    if (!any(request, Permission::audit_read)) {
        if (!query.principal.empty() && query.principal != request.who().name)
            return fail(Code::forbidden, "you may see your own events only", "leave out principal");
        query.principal = request.who().name;
    }
    // Oldest first for one who follows the log.
    query.newest_first = !query.after.has_value();
    return query;
}

awaitable<Result<Response>> list(Services services, Request& request) {
    auto query = query_of(request);
    if (!query) co_return std::unexpected(query.error());
    const auto limit = query->limit;
    const bool newest_first = query->newest_first;
    const auto rows = co_await services.audit.find(std::move(*query));
    if (!rows) co_return std::unexpected(rows.error());
    api::AuditList out;
    for (const auto& row : *rows) {
        auto entry = entry_of(row);
        if (!entry) co_return std::unexpected(entry.error());
        out.events.push_back(std::move(*entry));
    }
    if (out.events.size() == limit && newest_first) out.next = out.events.back().seq;
    co_return reply(out);
}

awaitable<Result<Response>> show(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    const auto missing = fail(Code::not_found, "there is no such event", "`owhalectl audit ls` lists yours");
    const auto& text = request.params.at("seq");
    if (text.empty() || text.size() > 15 || text.find_first_not_of("0123456789") != std::string::npos)
        co_return missing;
    const auto sequence = std::stoull(text);
    if (sequence == 0) co_return missing;
    audit::Query query;
    query.after = sequence - 1;
    query.before = sequence + 1;
    query.limit = 1;
    if (!any(request, Permission::audit_read)) query.principal = request.who().name;
    const auto rows = co_await services.audit.find(std::move(query));
    if (!rows) co_return std::unexpected(rows.error());
    if (rows->empty()) co_return missing;
    auto entry = entry_of(rows->front());
    if (!entry) co_return std::unexpected(entry.error());
    co_return reply(*entry);
}

} // namespace

std::vector<transport::Route> audit_routes(const Services& services) {
    const auto later = answered_later(services);
    return {{"audit.list", later(list), {}}, {"audit.show", later(show), {}}};
}

} // namespace owhale::verbs
