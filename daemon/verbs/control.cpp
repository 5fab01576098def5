#include "audit/log.hpp"
#include "sandbox/outcome.hpp"
#include "sandbox/run.hpp"
#include "verbs/asker.hpp"
#include "verbs/caller.hpp"
#include "verbs/groups.hpp"
#include "verbs/reply.hpp"

namespace owhale::verbs {
namespace {

using boost::asio::awaitable;
using identity::Permission;
using transport::Request;
using transport::Response;

constexpr std::uint64_t kLongestGrace = 3600u * 1000; // milliseconds

// What is done to a run is written down before it is done.
awaitable<Status> note(const Services& services, const Request& request, audit::EventName what, std::string verb,
                       std::string id, boost::json::object data) {
    auto event = event_of(request, what, std::move(verb), std::move(id));
    for (auto& member : data) event.data[member.key()] = std::move(member.value());
    const auto sequence = co_await services.audit.append(std::move(event));
    if (!sequence) co_return std::unexpected(sequence.error());
    co_return Status{};
}

awaitable<Result<Response>> signal(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    const auto body = codec::decode<api::SignalRequest>(request.body);
    if (!body) co_return std::unexpected(body.error());
    const auto number = sandbox::signal_number(body->signal);
    if (!number) co_return fail(Code::invalid_value, "signal: there is no such signal", "as in TERM, SIGTERM or 15");
    const auto run = find_live(request, services.runs);
    if (!run) co_return std::unexpected(run.error());
    boost::json::object data;
    data["signal"] = sandbox::signal_name(*number);
    constexpr audit::EventName what("run.signal");
    std::string verb("runs.signal"), id((*run)->id());
    const auto noted = co_await note(services, request, what, std::move(verb), std::move(id), std::move(data));
    if (!noted) co_return std::unexpected(noted.error());
    services.runs.signal(**run, *number);
    co_return reply((*run)->snapshot());
}

awaitable<Result<Response>> kill(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    api::KillRequest body;
    if (!request.body.empty()) {
        auto decoded = codec::decode<api::KillRequest>(request.body);
        if (!decoded) co_return std::unexpected(decoded.error());
        body = *decoded;
    }
    const auto grace = body.grace_ms.value_or(static_cast<std::uint64_t>(services.settings.kill_grace.count()));
    if (grace > kLongestGrace) co_return fail(Code::invalid_value, "grace_ms is longer than an hour");
    const auto run = find_live(request, services.runs);
    if (!run) co_return std::unexpected(run.error());
    // An end that is on its way comes no later, and is not written down again: not even below the reserve of the log's disk.
    if ((*run)->ends_within(std::chrono::milliseconds(grace))) co_return reply((*run)->snapshot());
    boost::json::object data;
    data["grace_ms"] = grace;
    constexpr audit::EventName what("run.kill");
    std::string verb("runs.kill"), id((*run)->id());
    const auto noted = co_await note(services, request, what, std::move(verb), std::move(id), std::move(data));
    if (!noted) co_return std::unexpected(noted.error());
    auto told = services.runs.show((*run)->id(), request.who().name, true); // with how many runs of its own end with it
    services.runs.kill(**run, std::chrono::milliseconds(grace));
    co_return told ? reply(*told) : reply((*run)->snapshot());
}

awaitable<Result<Response>> remove(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    const auto found = find_run(request, services.runs, Permission::runs_control);
    if (!found) co_return std::unexpected(found.error());
    if (found->live) co_return fail(Code::run_live, "the run has not ended", "`owhalectl runs kill ID` ends it");
    constexpr audit::EventName what("run.remove");
    std::string verb("runs.remove"), id(found->record.id);
    boost::json::object data;
    const auto noted = co_await note(services, request, what, std::move(verb), std::move(id), std::move(data));
    if (!noted) co_return std::unexpected(noted.error());
    CO_CHECK(services.runs.remove(found->record.id));
    Response response;
    response.status = 204;
    co_return response;
}

} // namespace

std::vector<transport::Route> control_routes(const Services& services) {
    const auto later = answered_later(services);
    return {
        {"runs.signal", later(signal), {}},
        {"runs.kill", later(kill), {}},
        {"runs.remove", later(remove), {}},
    };
}

} // namespace owhale::verbs
