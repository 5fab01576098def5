#include "audit/log.hpp"
#include "sandbox/runs.hpp"
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
    audit::Event event{"box.reset", request.who().name, "boxes.reset", "pending", "", {}};
    event.data["box"] = box->id;
    const auto noted = co_await services.audit.append(std::move(event));
    if (!noted) co_return std::unexpected(noted.error());
    CO_CHECK(services.runs.reset_box(box->id, request.who().name, any(request, Permission::boxes)));
    Response response;
    response.status = 204;
    co_return response;
}

} // namespace

std::vector<transport::Route> box_routes(const Services& services) {
    const auto now = answered_now(services);
    return {
        {"boxes.list", now(list), {}},
        {"boxes.show", now(show), {}},
        {"boxes.reset", [services](Request& request) { return reset(services, request); }, {}},
    };
}

} // namespace owhale::verbs
