// Paired devices.
#include "identity/service.hpp"
#include "verbs/asker.hpp"
#include "verbs/groups.hpp"
#include "verbs/reply.hpp"

namespace owhale::verbs {
namespace {

using boost::asio::awaitable;
using transport::Request;
using transport::Response;

Result<Response> list(const Services& services, const Request& request) {
    CHECK(only(request, {"user", "all"}));
    const auto all = TRY(number_of(request, "all", 0, 1)) == 1;
    return reply(TRY(services.identity.devices.list(request.who(), text_of(request, "user"), all)));
}

Result<Response> show(const Services& services, const Request& request) {
    CHECK(only(request, {}));
    return reply(TRY(services.identity.devices.show(request.who(), request.params.at("id"))));
}

awaitable<Result<Response>> change(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    auto body = codec::decode<api::DeviceChange>(request.body);
    if (!body) co_return std::unexpected(body.error());
    auto asker = asker_of(request, "devices.change");
    auto id = request.params.at("id");
    const auto device = co_await services.identity.devices.change(std::move(asker), std::move(id), std::move(*body));
    if (!device) co_return std::unexpected(device.error());
    co_return reply(*device);
}

awaitable<Result<Response>> remove(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    auto asker = asker_of(request, "devices.remove");
    CO_CHECK(co_await services.identity.devices.remove(std::move(asker), request.params.at("id")));
    co_return nothing();
}

} // namespace

std::vector<transport::Route> device_routes(const Services& services) {
    const auto now = answered_now(services);
    const auto later = answered_later(services);
    return {
        {"devices.list", now(list), {}},
        {"devices.show", now(show), {}},
        {"devices.change", later(change), {}},
        {"devices.remove", later(remove), {}},
    };
}

} // namespace owhale::verbs
