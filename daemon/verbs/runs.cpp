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
#include "verbs/results.hpp"

namespace owhale::verbs {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using identity::Permission;
using sandbox::Run;
using transport::Request;
using transport::Response;

// Until the run is over, the time is up, or the client has gone.
awaitable<void> wait_for(std::shared_ptr<Run> run, std::shared_ptr<transport::Connection> connection,
                         std::optional<std::chrono::seconds> most) {
    const auto late = std::make_shared<bool>(false);
    asio::steady_timer timer(co_await asio::this_coro::executor);
    if (most) {
        timer.expires_after(*most);
        timer.async_wait([late, run](const boost::system::error_code& error) {
            if (error) return;
            *late = true;
            run->changed().notify();
        });
    }
    while (!run->over() && !*late && connection->open) co_await run->changed().wait();
}

Response created(const api::Run& run) {
    auto response = reply(run, 201);
    response.headers.emplace_back("Location", "/v1/runs/" + run.id);
    return response;
}

// A run that the policy refused: 403 with the verdict, also when its Idempotency-Key asks again.
std::optional<Response> refusal(const api::Run& run) {
    if (run.state != "denied" || !run.verdict) return std::nullopt;
    return transport::problem(sandbox::refusal_of(*run.verdict), &run);
}

Result<Response> stored(const Services& services, const std::string& id, const std::string& principal) {
    const auto record = TRY(services.runs.show(id, principal, false));
    if (auto refused = refusal(record)) return std::move(*refused);
    const auto folder = services.runs.folder(id);
    auto out = sandbox::Output::open(folder + "/stdout");
    auto err = sandbox::Output::open(folder + "/stderr");
    const sandbox::Output none(folder + "/none", 0);
    return reply(with_output(record, out ? *out : none, err ? *err : none));
}

awaitable<Result<Response>> answer_made(const Services& services, Request& request, sandbox::Made made, bool wait) {
    if (!made.run) co_return stored(services, made.id, request.who().name);
    const auto run = made.run;
    if (auto refused = refusal(run->record)) co_return std::move(*refused);
    const auto most = preferred_wait(request);
    if (wait) co_await wait_for(run, request.connection, most);
    if (wait && run->over()) co_return reply(with_output(run->snapshot(), run->output(0), run->output(1)));
    co_return created(run->snapshot());
}

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
    return reply(
        TRY(services.runs.list(request.who().name, all, text_of(request, "state"), text_of(request, "before"), limit)));
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
    co_await wait_for(run, request.connection, preferred_wait(request));
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
