#include "identity/service.hpp"
#include "sandbox/profiles.hpp"
#include "verbs/asker.hpp"
#include "verbs/groups.hpp"
#include "verbs/reply.hpp"

namespace owhale::verbs {
namespace {

using boost::asio::awaitable;
using transport::Request;
using transport::Response;

Result<identity::TokenActs::Wanted> wanted_of(const Request& request) {
    CHECK(only(request, {"user", "all"}));
    const auto all = TRY(number_of(request, "all", 0, 1));
    return identity::TokenActs::Wanted{text_of(request, "user"), all == 1};
}

Result<Response> sessions(const Services& services, const Request& request) {
    const auto wanted = TRY(wanted_of(request));
    return reply(TRY(services.identity.tokens.sessions(request.who(), wanted)));
}

awaitable<Result<Response>> revoke_session(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    auto asker = asker_of(request, "sessions.revoke");
    CO_CHECK(co_await services.identity.tokens.revoke_session(std::move(asker), request.params.at("id")));
    co_return nothing();
}

awaitable<Result<Response>> revoke_sessions(Services services, Request& request) {
    CO_CHECK(only(request, {"user"}));
    auto asker = asker_of(request, "sessions.revoke_all");
    auto user = text_of(request, "user");
    const auto revoked = co_await services.identity.tokens.revoke_sessions(std::move(asker), std::move(user));
    if (!revoked) co_return std::unexpected(revoked.error());
    co_return reply(*revoked);
}

Result<Response> tokens(const Services& services, const Request& request) {
    const auto wanted = TRY(wanted_of(request));
    return reply(TRY(services.identity.tokens.tokens(request.who(), wanted)));
}

Result<Response> token(const Services& services, const Request& request) {
    CHECK(only(request, {}));
    return reply(TRY(services.identity.tokens.token(request.who(), request.params.at("id"))));
}

awaitable<Result<Response>> mint(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    auto body = codec::decode<api::TokenRequest>(request.body);
    if (!body) co_return std::unexpected(body.error());
    if (body->profile)
        if (const auto profile = services.profiles.find(*body->profile); !profile)
            co_return std::unexpected(profile.error());
    auto asker = asker_of(request, "tokens.create");
    const auto made = co_await services.identity.tokens.mint(std::move(asker), std::move(*body));
    if (!made) co_return std::unexpected(made.error());
    auto response = reply(*made, 201);
    response.headers.emplace_back("Location", "/v1/tokens/" + made->token.id);
    co_return response;
}

awaitable<Result<Response>> revoke_token(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    auto asker = asker_of(request, "tokens.revoke");
    CO_CHECK(co_await services.identity.tokens.revoke_token(std::move(asker), request.params.at("id")));
    co_return nothing();
}

} // namespace

std::vector<transport::Route> token_routes(const Services& services) {
    const auto now = answered_now(services);
    const auto later = answered_later(services);
    return {
        {"sessions.list", now(sessions), {}},
        {"sessions.revoke", later(revoke_session), {}},
        {"sessions.revoke_all", later(revoke_sessions), {}},
        {"tokens.list", now(tokens), {}},
        {"tokens.show", now(token), {}},
        {"tokens.create", later(mint), {}},
        {"tokens.revoke", later(revoke_token), {}},
    };
}

} // namespace owhale::verbs
