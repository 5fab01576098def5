// Questions and their answers.
#include "approvals/desk.hpp"
#include "identity/service.hpp"
#include "sandbox/runs.hpp"
#include "verbs/asker.hpp"
#include "verbs/caller.hpp"
#include "verbs/groups.hpp"
#include "verbs/reply.hpp"
#include "verbs/run_answers.hpp"

namespace owhale::verbs {
namespace {

using approvals::Desk;
using boost::asio::awaitable;
using identity::Permission;
using transport::Request;
using transport::Response;

Result<Response> list(const Services& services, const Request& request) {
    CHECK(only(request, {"state", "before", "limit", "all"}));
    Desk::Wanted wanted{text_of(request, "state"), text_of(request, "before"), false, 0};
    wanted.limit = TRY(number_of(request, "limit", 50, 500));
    if (wanted.limit == 0) return fail(Code::invalid_value, "limit must be at least 1");
    wanted.all = TRY(number_of(request, "all", 0, 1)) == 1;
    return reply(TRY(services.desk.list(request.who(), wanted)));
}

awaitable<Result<Response>> show(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    const auto id = request.params.at("id");
    auto approval = services.desk.show(request.who(), id);
    const auto wait = preferred_wait(request);
    if (!approval) co_return std::unexpected(approval.error());
    if (!wait || approval->ended) co_return reply(*approval);
    co_await services.desk.until_changed(id, *wait);
    const auto now = services.identity.refresh(request.connection->peer, request.who());
    if (!now) co_return std::unexpected(now.error());
    approval = services.desk.show(*now, id);
    if (!approval) co_return std::unexpected(approval.error());
    co_return reply(*approval);
}

Desk::Act act_of(const Services& services, const Request& request, const char* verb) {
    return {asker_of(request, verb),
            request.params.at("id"),
            false,
            {},
            {},
            {},
            standing_of(request, services.identity, Permission::approvals_decide)};
}

awaitable<Result<Response>> approve(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    auto body = codec::decode<api::ApproveRequest>(request.body);
    if (!body) co_return std::unexpected(body.error());
    auto act = act_of(services, request, "approvals.approve");
    act.approve = true;
    act.digest = std::move(body->digest);
    act.reason = std::move(body->reason);
    act.grant = std::move(body->grant);
    const auto decided = co_await services.desk.decide(std::move(act));
    if (!decided) co_return std::unexpected(decided.error());
    co_return reply(*decided);
}

Result<api::DenyRequest> words_of(const Request& request) {
    if (request.body.empty()) return api::DenyRequest{};
    return codec::decode<api::DenyRequest>(request.body);
}

awaitable<Result<Response>> deny(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    auto body = words_of(request);
    if (!body) co_return std::unexpected(body.error());
    auto act = act_of(services, request, "approvals.deny");
    act.digest = std::move(body->digest);
    act.reason = std::move(body->reason);
    const auto decided = co_await services.desk.decide(std::move(act));
    if (!decided) co_return std::unexpected(decided.error());
    co_return reply(*decided);
}

awaitable<Result<Response>> decide(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    auto body = codec::decode<api::DecideRequest>(request.body);
    if (!body) co_return std::unexpected(body.error());
    auto asker = asker_of(request, "approvals.decide");
    auto standing = standing_of(request, services.identity, Permission::approvals_decide);
    const auto decided = co_await services.desk.decide_all(std::move(asker), std::move(*body), std::move(standing));
    if (!decided) co_return std::unexpected(decided.error());
    co_return reply(*decided);
}

awaitable<Result<Response>> cancel(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    auto body = words_of(request);
    if (!body) co_return std::unexpected(body.error());
    auto id = request.params.at("id");
    auto reason = std::move(body->reason);
    const auto cancelled = co_await services.desk.take_back(request.who(), std::move(id), std::move(reason));
    if (!cancelled) co_return std::unexpected(cancelled.error());
    co_return reply(*cancelled);
}

awaitable<Result<Response>> claim(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    auto run = services.desk.run_to_claim(request.who(), request.params.at("id"));
    if (!run) co_return std::unexpected(run.error());
    auto caller = caller_of(request, services.runs);
    caller.standing = standing_of(request, services.identity, Permission::runs_create);
    auto made = co_await services.runs.claim(std::move(*run), std::move(caller));
    if (!made) co_return std::unexpected(made.error());
    const bool wait = preferred_wait(request).has_value();
    co_return co_await answer_made(services, request, std::move(*made), wait);
}

} // namespace

std::vector<transport::Route> approval_routes(const Services& services) {
    const auto now = answered_now(services);
    const auto later = answered_later(services);
    return {
        {"approvals.list", now(list), {}},         {"approvals.show", later(show), {}},
        {"approvals.approve", later(approve), {}}, {"approvals.deny", later(deny), {}},
        {"approvals.decide", later(decide), {}},   {"approvals.cancel", later(cancel), {}},
        {"approvals.claim", later(claim), {}},
    };
}

} // namespace owhale::verbs
