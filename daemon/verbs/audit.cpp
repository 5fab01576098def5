// GET /v1/audit: what happened, in pages that go on, that wait, and that take only so long.
#include <algorithm>
#include <array>

#include "audit/feed.hpp"
#include "audit/filter_words.hpp"
#include "audit/moment.hpp"
#include "audit/rows.hpp"
#include "base/clock.hpp"
#include "identity/service.hpp"
#include "verbs/audit_answers.hpp"
#include "verbs/audit_news.hpp"
#include "verbs/groups.hpp"
#include "verbs/places.hpp"
#include "verbs/reply.hpp"

namespace owhale::verbs {
namespace {

using audit::check_words;
using audit::Word;
using boost::asio::awaitable;
using identity::Permission;
using std::chrono::steady_clock;
using transport::Request;
using transport::Response;

constexpr std::uint64_t kMaxSequence = std::uint64_t{1} << 53;
constexpr std::uint64_t kLongestWait = 30; // seconds
constexpr std::size_t kMaxText = 256, kWaiting = 256, kWaitingOfOne = 8;

Result<std::optional<std::uint64_t>> sequence_of(const Request& request, const std::string& name) {
    if (!request.query.contains(name)) return std::nullopt;
    return TRY(number_of(request, name, 0, kMaxSequence));
}

// Everybody's events are for those who may see them; others see their own, whatever they ask for.
Status keep_to_own(const Request& request, std::string& principal) {
    if (any(request, Permission::audit_read)) return {};
    if (!principal.empty() && principal != request.who().person())
        return fail(Code::forbidden, "you may see your own events only",
                    "leave out principal, --principal of owhalectl");
    principal = request.who().person();
    return {};
}

template <typename Query, std::size_t N>
Status read_texts(const Request& request, Query& query,
                  const std::array<std::pair<const char*, std::string Query::*>, N>& texts) {
    for (const auto& [name, member] : texts) {
        query.*member = text_of(request, name);
        if ((query.*member).size() > kMaxText)
            return fail(Code::invalid_value, std::string(name) + " is longer than 256 bytes");
    }
    CHECK(audit::check_order(query.since, query.until));
    CHECK(check_words(Word::event, "event", query.event));
    CHECK(check_words(Word::outcome, "outcome", query.outcome));
    return keep_to_own(request, query.principal);
}

Result<audit::Query> query_of(const Request& request) {
    CHECK(only(request, {"after", "before", "since", "until", "principal", "verb", "outcome", "run", "grep", "event",
                         "limit", "wait"}));
    audit::Query query;
    query.after = TRY(sequence_of(request, "after"));
    query.before = TRY(sequence_of(request, "before"));
    query.limit = TRY(number_of(request, "limit", 100, 1000));
    if (query.limit == 0) return fail(Code::invalid_value, "limit must be at least 1");
    static constexpr std::array<std::pair<const char*, std::string audit::Query::*>, 8> kTexts = {
        {{"since", &audit::Query::since},
         {"until", &audit::Query::until},
         {"principal", &audit::Query::principal},
         {"verb", &audit::Query::verb},
         {"outcome", &audit::Query::outcome},
         {"run", &audit::Query::run},
         {"grep", &audit::Query::grep},
         {"event", &audit::Query::event}}};
    CHECK(read_texts(request, query, kTexts));
    CHECK(check_words(Word::verb, "verb", query.verb));
    query.own_only = !any(request, Permission::audit_read);
    query.newest_first = !query.after.has_value(); // oldest first for one who follows the log
    return query;
}

Result<std::chrono::seconds> wait_of(const Request& request) {
    const std::chrono::seconds wait(TRY(number_of(request, "wait", 0, kLongestWait)));
    if (wait.count() > 0 && !request.query.contains("after"))
        return fail(Code::invalid_value, "wait goes with after: it waits for what comes after that event");
    return wait;
}

// The entries of a page, with where it goes on.
Result<api::AuditList> answer_of(const audit::Page& page, const audit::Query& query, std::uint64_t last) {
    auto out = list_of(page, !query.newest_first, query.limit, last);
    for (const auto& row : page.rows) out.events.push_back(TRY(entry_of(row)));
    return out;
}

// Who waited is asked again, and with what rights: a look at the log outlives nobody's session.
Status still_may(const Services& services, const Request& request, bool own_only) {
    const auto who = TRY(services.identity.refresh(request.connection->peer, request.who()));
    if (who.may(Permission::audit_read, own_only)) return {};
    return fail(Code::forbidden, "you may not read this any more");
}

// By what those are known whose texts are no longer kept.
awaitable<Status> tell_gone(audit::Log& log, std::vector<api::AuditEntry>& entries) {
    auto gone = gone_of(entries);
    if (gone.empty()) co_return Status{};
    const auto left = co_await log.left_of(std::move(gone));
    if (!left) co_return std::unexpected(left.error());
    put_left(entries, *left);
    co_return Status{};
}

// About when the last event was that a search has looked at.
awaitable<std::string> time_at(audit::Log& log, std::uint64_t seq) {
    auto query = audit::event_at(seq);
    const auto rows = co_await log.find(std::move(query));
    co_return rows && !rows->empty() ? time_of(rows->front()) : std::string();
}

awaitable<Result<Response>> list(Services services, std::shared_ptr<Places> places, Request& request) {
    auto query = query_of(request);
    if (!query) co_return std::unexpected(query.error());
    const auto wait = wait_of(request);
    if (!wait) co_return std::unexpected(wait.error());
    std::shared_ptr<Places::Place> place;
    if (wait->count() > 0) {
        auto taken = Places::take(std::move(places), request.who().name);
        if (!taken) co_return std::unexpected(taken.error());
        place = std::move(*taken);
        request.connection->follows = true;
    }
    const auto until = steady_clock::now() + *wait;
    for (;;) {
        const auto last = services.feed->last(); // on disk, so that the page has looked at it
        const bool ended = services.feed->ended();
        auto asked = *query;
        auto asker = request.who().name;
        const auto page = co_await services.audit.page(std::move(asker), std::move(asked));
        if (!page) co_return std::unexpected(page.error());
        auto answer = answer_of(*page, *query, last);
        if (!answer) co_return std::unexpected(answer.error());
        const bool waits = steady_clock::now() < until && request.connection->open && !ended &&
                           answer->searched_to.value_or(0) >= query->after.value_or(0);
        const bool goes_on = waits && answer->events.empty();
        // Who hears of it while owhaled ends is told once, with the last event: there is no next time.
        const bool held = waits && services.feed->ending() && !answer->next;
        if (!goes_on && !held) {
            if (ended && place && !answer->next) answer->ended = true;
            const Status told = co_await tell_gone(services.audit, answer->events);
            if (!told) co_return std::unexpected(told.error());
            if (!answer->complete && !query->own_only) {
                auto time = co_await time_at(services.audit, *answer->searched_to);
                if (!time.empty()) answer->searched_until = std::move(time);
            }
            co_return reply(*answer);
        }
        if (answer->events.empty()) query->after = answer->searched_to;
        const auto seen = std::max(last, answer->searched_to.value_or(0));
        if (answer->complete) co_await wait_for_news(*services.feed, seen, until, request.connection);
        CO_CHECK(still_may(services, request, query->own_only));
    }
}

std::unexpected<Error> missing() {
    return fail(Code::not_found, "there is no such event", "`owhalectl audit ls` lists yours");
}

// 0: none has such a number.
std::uint64_t number_in_path(const Request& request) {
    const auto& text = request.params.at("seq");
    const bool number = !text.empty() && text.size() <= 15 && text.find_first_not_of("0123456789") == std::string::npos;
    return number ? std::stoull(text) : 0;
}

// That it is in the tree, by the newest checkpoint that covers it: who reads makes no new ones, but for events that none is
// of. None when there cannot be one now: the event is shown all the same.
awaitable<std::optional<api::AuditProof>> proof_of(audit::Log& log, std::uint64_t seq) {
    const auto checkpoint = co_await log.checkpoint_over(seq);
    if (!checkpoint || checkpoint->size < seq) co_return std::nullopt;
    const auto hashes = co_await log.inclusion(seq, checkpoint->size);
    if (!hashes) co_return std::nullopt;
    api::AuditProof proof{seq - 1, checkpoint->size, {}, checkpoint->note};
    for (const auto& hash : *hashes) proof.hashes.push_back(audit::merkle::to_base64(hash));
    co_return proof;
}

awaitable<Result<Response>> show(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    const auto seq = number_in_path(request);
    if (seq == 0) co_return missing();
    auto query = audit::event_at(seq);
    if (!any(request, Permission::audit_read)) query.principal = request.who().person();
    const auto rows = co_await services.audit.find(std::move(query));
    if (!rows) co_return std::unexpected(rows.error());
    if (rows->empty()) co_return missing();
    auto entry = entry_of(rows->front());
    if (!entry) co_return std::unexpected(entry.error());
    std::vector<api::AuditEntry> shown{*std::move(entry)};
    const Status told = co_await tell_gone(services.audit, shown);
    if (!told) co_return std::unexpected(told.error());
    auto proof = co_await proof_of(services.audit, seq);
    shown.front().proof = std::move(proof);
    co_return reply(shown.front());
}

Result<audit::StatsQuery> stats_query_of(const Request& request) {
    CHECK(only(request, {"since", "until", "principal", "event", "outcome"}));
    audit::StatsQuery query;
    static constexpr std::array<std::pair<const char*, std::string audit::StatsQuery::*>, 5> kTexts = {
        {{"since", &audit::StatsQuery::since},
         {"until", &audit::StatsQuery::until},
         {"principal", &audit::StatsQuery::principal},
         {"event", &audit::StatsQuery::event},
         {"outcome", &audit::StatsQuery::outcome}}};
    CHECK(read_texts(request, query, kTexts));
    return query;
}

// A time that was asked for, as the API writes times.
std::optional<std::string> asked_time(const Request& request, const std::string& name) {
    const auto moment = audit::moment_of(text_of(request, name));
    return moment ? std::optional(rfc3339(*moment)) : std::nullopt;
}

awaitable<Result<Response>> stats(Services services, Request& request) {
    auto query = stats_query_of(request);
    if (!query) co_return std::unexpected(query.error());
    auto asker = request.who().name;
    const auto counted = co_await services.audit.stats(std::move(asker), std::move(*query));
    if (!counted) co_return std::unexpected(counted.error());
    auto answer = counts_of(*counted);
    answer.since = asked_time(request, "since");
    answer.until = asked_time(request, "until");
    co_return reply(answer);
}

} // namespace

std::vector<transport::Route> audit_routes(const Services& services) {
    const auto later = answered_later(services);
    // Who watches over all waits apart: nobody with many uids, or many runs, takes his place.
    constexpr auto kWhat = "questions wait for audit events";
    const auto own = std::make_shared<Places>(kWhat, kWaiting, kWaitingOfOne);
    const auto all = std::make_shared<Places>(kWhat, kWaiting, kWaitingOfOne);
    const auto ask = [services, own, all](Request& request) {
        return list(services, any(request, Permission::audit_read) ? all : own, request);
    };
    return {{"audit.list", ask, {}}, {"audit.stats", later(stats), {}}, {"audit.show", later(show), {}}};
}

} // namespace owhale::verbs
