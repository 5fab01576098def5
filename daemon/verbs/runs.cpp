#include "verbs/groups.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "identity/service.hpp"
#include "sandbox/digest.hpp"
#include "sandbox/judge.hpp"
#include "sandbox/run.hpp"
#include "verbs/asker.hpp"
#include "verbs/caller.hpp"
#include "verbs/reply.hpp"
#include "verbs/run_answers.hpp"

namespace owhale::verbs {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using identity::Permission;
using sandbox::Run;
using transport::Request;
using transport::Response;

awaitable<Result<Response>> create(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    auto body = codec::decode<api::RunRequest>(request.body);
    if (!body) co_return std::unexpected(body.error());
    const bool wait = body->wait.value_or(false);
    sandbox::IdempotencyKey key;
    if (const auto header = request.headers.find("idempotency-key"); header != request.headers.end())
        key = {header->second, sandbox::sha256_hex(request.body)};
    auto caller = caller_of(request, services.runs);
    caller.standing = standing_of(request, services.identity, Permission::runs_create);
    auto made = co_await services.runs.create(std::move(*body), std::move(caller), std::move(key));
    if (!made) co_return std::unexpected(made.error());
    co_return co_await answer_made(services, request, std::move(*made), wait);
}

awaitable<Result<Response>> exec(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    auto body = codec::decode<api::ExecRequest>(request.body);
    if (!body) co_return std::unexpected(body.error());
    auto target = find_live(request, services.runs);
    if (!target) co_return std::unexpected(target.error());
    const bool wait = body->wait.value_or(false);
    auto caller = caller_of(request, services.runs);
    caller.standing = standing_of(request, services.identity, Permission::runs_control);
    auto made = co_await services.runs.exec(std::move(*target), std::move(*body), std::move(caller));
    if (!made) co_return std::unexpected(made.error());
    co_return co_await answer_made(services, request, std::move(*made), wait);
}

Result<Response> list(const Services& services, const Request& request) {
    CHECK(only(request, {"state", "before", "limit", "all"}));
    const auto limit = TRY(number_of(request, "limit", 50, 500));
    if (limit == 0) return fail(Code::invalid_value, "limit must be at least 1");
    const auto all = TRY(number_of(request, "all", 0, 1)) == 1;
    if (all && !any(request, Permission::runs_read))
        return fail(Code::forbidden, "you may see your own runs only",
                    "leave out all (-a, --all): it means everyone's runs, and ended ones are listed without it");
    return reply(TRY(
        services.runs.list(request.who().person(), all, text_of(request, "state"), text_of(request, "before"), limit)));
}

Result<Response> show(const Services& services, const Request& request) {
    CHECK(only(request, {}));
    return reply(TRY(find_run(request, services.runs, Permission::runs_read)).record);
}

awaitable<Result<Response>> wait(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    auto found = find_run(request, services.runs, Permission::runs_read);
    if (!found) co_return std::unexpected(found.error());
    if (!found->live) co_return reply(found->record);
    const auto run = found->live;
    co_await wait_for_end(run, request.connection, preferred_wait(request));
    co_return reply(run->snapshot());
}

} // namespace

std::vector<transport::Route> run_routes(const Services& services) {
    const auto now = answered_now(services);
    const auto later = answered_later(services);
    return {
        {"runs.create", later(create), {}}, {"runs.exec", later(exec), {}}, {"runs.list", now(list), {}},
        {"runs.show", now(show), {}},       {"runs.wait", later(wait), {}},
    };
}

} // namespace owhale::verbs
