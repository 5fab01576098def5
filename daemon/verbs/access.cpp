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
    CHECK(only(request, {}));
    return reply(services.identity.access.list());
}

awaitable<Result<Response>> grant(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    auto body = codec::decode<api::RolesRequest>(request.body);
    if (!body) co_return std::unexpected(body.error());
    auto asker = asker_of(request, "access.grant");
    const auto row =
        co_await services.identity.access.grant(std::move(asker), request.params.at("subject"), std::move(*body));
    if (!row) co_return std::unexpected(row.error());
    co_return reply(*row);
}

awaitable<Result<Response>> remove(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    auto asker = asker_of(request, "access.remove");
    CO_CHECK(co_await services.identity.access.remove(std::move(asker), request.params.at("subject")));
    co_return nothing();
}

Result<Response> jwks(const Services& services, const Request& request) {
    CHECK(only(request, {}));
    return reply(services.identity.jwks());
}

awaitable<Result<Response>> rotate(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    auto asker = asker_of(request, "keys.rotate");
    const auto rotated = co_await services.identity.keys.rotate(std::move(asker));
    if (!rotated) co_return std::unexpected(rotated.error());
    co_return reply(*rotated);
}

} // namespace

std::vector<transport::Route> access_routes(const Services& services) {
    const auto now = answered_now(services);
    const auto later = answered_later(services);
    return {
        {"access.list", now(list), {}}, {"access.grant", later(grant), {}}, {"access.remove", later(remove), {}},
        {"jwks", now(jwks), {}},        {"keys.rotate", later(rotate), {}},
    };
}

} // namespace owhale::verbs
