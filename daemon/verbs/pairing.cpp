// Pairing a device: the maker's verbs, and the device's, who is nobody yet.
#include <algorithm>

#include "pairing/pairing.hpp"
#include "verbs/asker.hpp"
#include "verbs/groups.hpp"
#include "verbs/reply.hpp"

namespace owhale::verbs {
namespace {

using boost::asio::awaitable;
using transport::Request;
using transport::Response;

constexpr std::chrono::seconds kLongestWait{60};

awaitable<Result<Response>> create(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    auto body = codec::decode<api::PairRequest>(request.body);
    if (!body) co_return std::unexpected(body.error());
    auto asker = asker_of(request, "pair.create");
    const auto made = co_await services.pairing->create(std::move(asker), std::move(*body));
    if (!made) co_return std::unexpected(made.error());
    co_return reply(*made, 201);
}

Result<Response> list(const Services& services, const Request& request) {
    CHECK(only(request, {"all"}));
    return reply(services.pairing->list(request.who(), TRY(number_of(request, "all", 0, 1)) == 1));
}

awaitable<Result<Response>> cancel(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    auto asker = asker_of(request, "pair.cancel");
    CO_CHECK(co_await services.pairing->cancel(std::move(asker), request.params.at("id")));
    co_return nothing();
}

awaitable<Result<Response>> confirm(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    auto body = codec::decode<api::ConfirmRequest>(request.body);
    if (!body) co_return std::unexpected(body.error());
    auto asker = asker_of(request, "pair.confirm");
    auto id = request.params.at("id");
    const auto device = co_await services.pairing->confirm(std::move(asker), std::move(id), std::move(*body));
    if (!device) co_return std::unexpected(device.error());
    co_return reply(*device, 201);
}

Result<Response> authority(const Services& services, const Request& request) {
    CHECK(only(request, {}));
    return reply(TRY(services.authority()));
}

// What is bound is the certificate that this very connection was shown: not behind a proxy, not on the Unix socket.
Status check_way(const Request& request) {
    const auto& connection = *request.connection;
    if (connection.peer.run != 0) return fail(Code::forbidden, "a run pairs no device", "do it outside of the cage");
    if (connection.proxied || !connection.peer.tls || connection.tls_fingerprint.empty())
        return fail(Code::unsupported, "a device joins over TLS alone, straight to owhaled",
                    "https://HOST:PORT of the setting tcp, with tls on; `owhalectl status` shows it");
    return {};
}

Result<Response> join(const Services& services, const Request& request) {
    CHECK(only(request, {}));
    CHECK(check_way(request));
    const auto body = TRY(codec::decode<api::JoinRequest>(request.body));
    const auto& connection = *request.connection;
    return reply(TRY(services.pairing->join(connection.peer, connection.tls_fingerprint, body)));
}

awaitable<Result<Response>> prove(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    CO_CHECK(check_way(request));
    auto body = codec::decode<api::JoinProof>(request.body);
    if (!body) co_return std::unexpected(body.error());
    request.connection->device.clear(); // it is the new one's, and outlives the one that it replaces
    pairing::Pairing::Prover prover{request.connection->peer, request.who(), gone_of(request)};
    auto id = request.params.at("join");
    const auto state = co_await services.pairing->prove(std::move(prover), std::move(id), std::move(*body));
    if (!state) co_return std::unexpected(state.error());
    co_return reply(*state);
}

awaitable<Result<Response>> state(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    CO_CHECK(check_way(request));
    const auto id = request.params.at("join");
    auto told = services.pairing->state(id, gone_of(request));
    const auto wait = preferred_wait(request);
    if (!told) co_return std::unexpected(told.error());
    if (!wait || told->state != "joined") co_return reply(*told);
    co_await services.pairing->until_changed(id, std::min(*wait, kLongestWait));
    told = services.pairing->state(id, {}); // it may wait elsewhere by now
    if (!told) co_return std::unexpected(told.error());
    co_return reply(*told);
}

} // namespace

std::vector<transport::Route> pairing_routes(const Services& services) {
    const auto now = answered_now(services);
    const auto later = answered_later(services);
    return {
        {"pair.create", later(create), {}},   {"pair.list", now(list), {}},    {"pair.cancel", later(cancel), {}},
        {"pair.confirm", later(confirm), {}}, {"pair.join", now(join), {}},    {"pair.prove", later(prove), {}},
        {"pair.state", later(state), {}},     {"pair.ca", now(authority), {}},
    };
}

} // namespace owhale::verbs
