#include "verbs/run_answers.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "sandbox/judge.hpp"
#include "verbs/reply.hpp"
#include "verbs/results.hpp"

namespace owhale::verbs {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using sandbox::Run;
using transport::Request;
using transport::Response;

Response with_place(const api::Run& run) {
    auto response = reply(run, run.state == "waiting_approval" ? 202 : 201);
    response.headers.emplace_back("Location", "/v1/runs/" + run.id);
    return response;
}

bool was_refused(const api::Run& run) {
    return run.state == "denied" || run.state == "expired" || run.state == "cancelled";
}

// A run that the policy or people refused, also when its Idempotency-Key asks again.
std::optional<Response> refusal(const api::Run& run) {
    if (!was_refused(run) || !run.verdict) return std::nullopt;
    auto error = sandbox::refusal_of(*run.verdict);
    if (run.approval && run.code) error = {code_of(*run.code), run.error.value_or(""), "", 0, {}};
    return transport::problem(error, &run);
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

} // namespace

awaitable<void> wait_for_end(std::shared_ptr<Run> run, std::shared_ptr<transport::Connection> connection,
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

awaitable<Result<Response>> answer_made(const Services& services, Request& request, sandbox::Made made, bool wait) {
    if (!made.run) co_return stored(services, made.id, request.who().name);
    const auto run = made.run;
    if (auto refused = refusal(run->record)) co_return std::move(*refused);
    const auto most = preferred_wait(request);
    if (wait) co_await wait_for_end(run, request.connection, most);
    if (auto refused = refusal(run->record)) co_return std::move(*refused);
    if (wait && run->over()) co_return reply(with_output(run->snapshot(), run->output(0), run->output(1)));
    if (wait && request.connection->open) co_await services.runs.outlive_client(run);
    co_return with_place(run->snapshot());
}

} // namespace owhale::verbs
