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
    return reply(TRY(services.identity.accounts.list()));
}

Result<Response> show(const Services& services, const Request& request) {
    CHECK(only(request, {}));
    return reply(TRY(services.identity.accounts.show(request.params.at("name"))));
}

awaitable<Result<Response>> create(Services services, Request& request) {
    const identity::WipeAtEnd wipe(request.body);
    CO_CHECK(only(request, {}));
    auto body = codec::decode<api::UserRequest>(request.body);
    if (!body) co_return std::unexpected(body.error());
    auto asker = asker_of(request, "users.create");
    const auto made = co_await services.identity.accounts.create(std::move(asker), std::move(*body));
    if (!made) co_return std::unexpected(made.error());
    auto response = reply(*made, 201);
    response.headers.emplace_back("Location", "/v1/users/" + made->user.name);
    co_return response;
}

awaitable<Result<Response>> remove(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    auto asker = asker_of(request, "users.remove");
    CO_CHECK(co_await services.identity.accounts.remove(std::move(asker), request.params.at("name")));
    co_return nothing();
}

awaitable<Result<Response>> enable(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    auto asker = asker_of(request, "users.enable");
    const auto user = co_await services.identity.accounts.enable(std::move(asker), request.params.at("name"));
    if (!user) co_return std::unexpected(user.error());
    co_return reply(*user);
}

awaitable<Result<Response>> disable(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    auto asker = asker_of(request, "users.disable");
    const auto user = co_await services.identity.accounts.disable(std::move(asker), request.params.at("name"));
    if (!user) co_return std::unexpected(user.error());
    co_return reply(*user);
}

awaitable<Result<Response>> set_roles(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    auto body = codec::decode<api::RolesRequest>(request.body);
    if (!body) co_return std::unexpected(body.error());
    auto asker = asker_of(request, "users.roles");
    const auto user =
        co_await services.identity.accounts.set_roles(std::move(asker), request.params.at("name"), std::move(*body));
    if (!user) co_return std::unexpected(user.error());
    co_return reply(*user);
}

awaitable<Result<Response>> reset(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    auto asker = asker_of(request, "users.reset");
    const auto one_time = co_await services.identity.accounts.reset(std::move(asker), request.params.at("name"));
    if (!one_time) co_return std::unexpected(one_time.error());
    co_return reply(*one_time);
}

} // namespace

std::vector<transport::Route> account_routes(const Services& services) {
    const auto now = answered_now(services);
    const auto later = answered_later(services);
    return {
        {"users.list", now(list), {}},         {"users.show", now(show), {}},
        {"users.create", later(create), {}},   {"users.remove", later(remove), {}},
        {"users.enable", later(enable), {}},   {"users.disable", later(disable), {}},
        {"users.roles", later(set_roles), {}}, {"users.reset", later(reset), {}},
    };
}

} // namespace owhale::verbs
