// The vault's verbs. A value comes in a body and goes out by reveal alone.
#include <sodium.h>

#include "identity/service.hpp"
#include "shared/api_secrets.hpp"
#include "vault/acts.hpp"
#include "verbs/asker.hpp"
#include "verbs/groups.hpp"
#include "verbs/reply.hpp"

namespace owhale::verbs {
namespace {

using boost::asio::awaitable;
using identity::Permission;
using transport::Request;
using transport::Response;

vault::Acts::Asker asker_with_standing(const Services& services, const Request& request, std::string verb) {
    return {asker_of(request, std::move(verb)), standing_of(request, services.identity, Permission::secrets)};
}

// The message of a body that holds a value: its text is wiped as soon as it is read.
template <typename T> Result<T> take_body(Request& request) {
    T out;
    if (!request.body.empty()) {
        auto decoded = codec::decode<T>(request.body);
        ::sodium_memzero(request.body.data(), request.body.size());
        if (!decoded) return std::unexpected(decoded.error());
        out = std::move(*decoded);
    }
    return out;
}

Result<Response> list(const Services& services, const Request& request) {
    CHECK(only(request, {"owner"}));
    return reply(
        TRY(services.secrets->list(request.who(), any(request, Permission::secrets), text_of(request, "owner"))));
}

Result<Response> show(const Services& services, const Request& request) {
    CHECK(only(request, {"owner"}));
    return reply(TRY(services.secrets->show(request.who(), any(request, Permission::secrets), text_of(request, "owner"),
                                            request.params.at("name"))));
}

awaitable<Result<Response>> set(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    auto body = take_body<api::SecretRequest>(request);
    if (!body) co_return std::unexpected(body.error());
    auto asker = asker_with_standing(services, request, "secrets.set");
    auto name = request.params.at("name");
    const auto stored = co_await services.secrets->set(std::move(asker), std::move(name), std::move(*body));
    if (!stored) co_return std::unexpected(stored.error());
    co_return reply(*stored);
}

awaitable<Result<Response>> rotate(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    auto body = take_body<api::SecretValue>(request);
    if (!body) co_return std::unexpected(body.error());
    auto asker = asker_with_standing(services, request, "secrets.rotate");
    auto name = request.params.at("name");
    const auto stored = co_await services.secrets->rotate(std::move(asker), std::move(name), std::move(*body));
    if (!stored) co_return std::unexpected(stored.error());
    co_return reply(*stored);
}

awaitable<Result<Response>> reveal(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    if (!services.settings.rules->reveals_secrets)
        co_return fail(Code::forbidden, "in the mode " + services.settings.mode + " no secret is read back",
                       "use it with --secret NAME, or give it a new value: owhalectl secrets rotate NAME");
    auto asker = asker_with_standing(services, request, "secrets.reveal");
    auto name = request.params.at("name");
    auto value = co_await services.secrets->reveal(std::move(asker), std::move(name));
    if (!value) co_return std::unexpected(value.error());
    auto answer = reply(*value);
    for (auto* text : {&value->value, &value->value_base64})
        if (*text) ::sodium_memzero((*text)->data(), (*text)->size());
    co_return answer;
}

awaitable<Result<Response>> remove(Services services, Request& request) {
    CO_CHECK(only(request, {"owner"}));
    auto asker = asker_with_standing(services, request, "secrets.remove");
    auto owner = text_of(request, "owner"), name = request.params.at("name");
    const bool everyones = any(request, Permission::secrets);
    CO_CHECK(co_await services.secrets->remove(std::move(asker), everyones, std::move(owner), std::move(name)));
    co_return nothing();
}

awaitable<Result<Response>> rekey(Services services, Request& request) {
    CO_CHECK(only(request, {"accept"}));
    const auto accept = number_of(request, "accept", 0, 1);
    if (!accept) co_return std::unexpected(accept.error());
    auto body = take_body<api::SecretValue>(request);
    if (!body) co_return std::unexpected(body.error());
    if (!any(request, Permission::secrets))
        co_return fail(Code::forbidden, "the vault is everybody's: secrets.rekey needs the role admin",
                       "log in as an account that has it: owhalectl login");
    auto asker = asker_with_standing(services, request, "secrets.rekey");
    const auto done = co_await services.secrets->rekey(std::move(asker), std::move(*body), *accept == 1);
    if (!done) co_return std::unexpected(done.error());
    co_return reply(*done);
}

} // namespace

std::vector<transport::Route> secret_routes(const Services& services) {
    const auto now = answered_now(services);
    const auto later = answered_later(services);
    return {{"secrets.list", now(list), {}},       {"secrets.show", now(show), {}},
            {"secrets.set", later(set), {}},       {"secrets.rotate", later(rotate), {}},
            {"secrets.reveal", later(reveal), {}}, {"secrets.remove", later(remove), {}},
            {"secrets.rekey", later(rekey), {}}};
}

} // namespace owhale::verbs
