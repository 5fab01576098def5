#include "audit/log.hpp"
#include "config/endpoint.hpp"
#include "sandbox/run.hpp"
#include "sandbox/runs.hpp"
#include "shared/codec.hpp"
#include "verbs/asker.hpp"
#include "verbs/groups.hpp"
#include "verbs/reply.hpp"

namespace owhale::verbs {
namespace {

using boost::asio::awaitable;
using identity::Permission;
using transport::Request;
using transport::Response;

Result<Response> list(const Services& services, const Request& request) {
    CHECK(only(request, {}));
    return reply(TRY(services.runs.boxes(request.who().name, false)));
}

Result<api::Box> find(const Services& services, const Request& request) {
    const auto& id = request.params.at("id");
    for (auto& box : TRY(services.runs.boxes(request.who().name, any(request, Permission::boxes))).boxes)
        if (box.id == id) {
            CHECK(services.runs.may_touch_box(id, request.who().profile, request.who().cwd));
            return std::move(box);
        }
    return fail(Code::not_found, "there is no such box", "`owhalectl box ls` lists yours");
}

Result<Response> show(const Services& services, const Request& request) {
    CHECK(only(request, {}));
    return reply(TRY(find(services, request)));
}

awaitable<Result<Response>> reset(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    const auto box = find(services, request);
    if (!box) co_return std::unexpected(box.error());
    auto event = event_of(request, "box.reset", "boxes.reset", "");
    event.data["box"] = box->id;
    const auto noted = co_await services.audit.append(std::move(event));
    if (!noted) co_return std::unexpected(noted.error());
    CO_CHECK(services.runs.reset_box(box->id, request.who().name, any(request, Permission::boxes)));
    Response response;
    response.status = 204;
    co_return response;
}

// The run that is meant: one of the caller's own in that box, the newest when none is named (ids are ordered by time).
Result<std::shared_ptr<sandbox::Run>> run_of(const Services& services, const Request& request, const api::Box& box,
                                             const api::PublishRequest& asked) {
    std::string id;
    for (const auto& run : box.runs) {
        const auto live = services.runs.live(run);
        if (live && live->caller().principal == request.who().name && live->cage.networked &&
            (asked.run ? run == *asked.run : run > id))
            id = run;
    }
    if (auto found = id.empty() ? nullptr : services.runs.live(id)) return found;
    return fail(Code::not_found, "no run of yours with a scoped network is live in this box",
                "`owhalectl box show " + box.id + "` lists its runs; start one with --net scoped");
}

// Whoever is in a cage does not widen it, and other addresses than loopback are people's to agree to.
Result<api::PublishRequest> check_publish(const Services& services, const Request& request) {
    auto asked = TRY(codec::decode<api::PublishRequest>(request.body));
    if (request.who().kind == identity::Kind::run)
        return fail(Code::forbidden, "a run publishes no ports", "whoever started it can");
    if (!services.settings.rules->publishes_live)
        return fail(Code::forbidden, "in strict mode ports are published by the run that is agreed to",
                    "run -p HOST:PORT");
    const auto address = TRY(config::parse_address(asked.port.address.value_or("127.0.0.1")));
    if (!config::is_loopback(address))
        return fail(Code::forbidden, "ports of a live run are published on loopback alone",
                    "`run -p ADDRESS:HOST:PORT` asks whether other machines may reach it");
    return asked;
}

awaitable<Result<Response>> publish(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    const auto box = find(services, request);
    if (!box) co_return std::unexpected(box.error());
    const auto asked = check_publish(services, request);
    if (!asked) co_return std::unexpected(asked.error());
    const auto run = run_of(services, request, *box, *asked);
    if (!run) co_return std::unexpected(run.error());
    auto event = event_of(request, "box.publish", "boxes.publish", (*run)->id());
    event.data["box"] = box->id;
    event.data["host"] = asked->port.host;
    event.data["port"] = asked->port.port;
    const auto noted = co_await services.audit.append(std::move(event));
    if (!noted) co_return std::unexpected(noted.error());
    auto port = asked->port;
    const auto published = co_await services.runs.publish(*run, std::move(port));
    if (!published) co_return std::unexpected(published.error());
    co_return reply(*published);
}

} // namespace

std::vector<transport::Route> box_routes(const Services& services) {
    const auto now = answered_now(services);
    return {
        {"boxes.list", now(list), {}},
        {"boxes.show", now(show), {}},
        {"boxes.publish", [services](Request& request) { return publish(services, request); }, {}},
        {"boxes.reset", [services](Request& request) { return reset(services, request); }, {}},
    };
}

} // namespace owhale::verbs
