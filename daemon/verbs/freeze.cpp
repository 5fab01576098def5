#include "identity/service.hpp"
#include "sandbox/runs.hpp"
#include "verbs/asker.hpp"
#include "verbs/groups.hpp"
#include "verbs/reply.hpp"

namespace owhale::verbs {
namespace {

using boost::asio::awaitable;
using transport::Request;
using transport::Response;

constexpr const char* kBySignal =
    "held by SIGSTOP: there is no cgroup v2 here, and their parents may see them stop and go on";

// Of those that the freeze is for: everybody's holds each payer's.
std::uint64_t held_by(const std::string& principal, const sandbox::Runs::Stillness& stillness) {
    std::uint64_t runs = 0;
    for (const auto& [payer, count] : stillness.held)
        if (principal == identity::kEverybody || principal == payer) runs += count;
    return runs;
}

// Admission has stopped when the first run is held: none slips in between.
awaitable<Result<Response>> set(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    api::FreezeRequest body;
    if (!request.body.empty()) {
        auto decoded = codec::decode<api::FreezeRequest>(request.body);
        if (!decoded) co_return std::unexpected(decoded.error());
        body = std::move(*decoded);
    }
    auto asker = asker_of(request, "freeze.set");
    auto pressed = co_await services.identity.freezes.set(std::move(asker), std::move(body));
    if (!pressed) co_return std::unexpected(pressed.error());
    const auto stillness = co_await services.runs.hold_frozen();
    pressed->freeze.runs = held_by(pressed->freeze.principal, stillness);
    if (stillness.by_signal != 0) pressed->freeze.weaker.emplace_back(kBySignal);
    if (!pressed->kept)
        pressed->freeze.weaker.push_back("it holds only until owhaled ends, and may not be in the log: " +
                                         to_line(pressed->kept.error()));
    co_return reply(pressed->freeze);
}

Result<Response> list(const Services& services, const Request& request) {
    CHECK(only(request, {}));
    return reply(services.identity.freezes.list(request.who()));
}

awaitable<Result<Response>> thaw(Services services, Request& request) {
    CO_CHECK(only(request, {"principal"}));
    auto principal = text_of(request, "principal");
    if (principal.empty()) principal = identity::kEverybody;
    auto asker = asker_of(request, "freeze.thaw");
    CO_CHECK(co_await services.identity.freezes.thaw(std::move(asker), std::move(principal)));
    const auto stillness = co_await services.runs.hold_frozen();
    auto left = services.identity.freezes.list(request.who());
    for (auto& freeze : left.freezes) freeze.runs = held_by(freeze.principal, stillness);
    co_return reply(left);
}

} // namespace

std::vector<transport::Route> freeze_routes(const Services& services) {
    return {{"freeze.list", answered_now(services)(list), {}},
            {"freeze.set", answered_later(services)(set), {}},
            {"freeze.thaw", answered_later(services)(thaw), {}}};
}

} // namespace owhale::verbs
