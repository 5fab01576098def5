#include "audit/log.hpp"
#include "base/clock.hpp"
#include "identity/service.hpp"
#include "verbs/asker.hpp"
#include "verbs/groups.hpp"
#include "verbs/reply.hpp"

namespace owhale::verbs {
namespace {

using boost::asio::awaitable;
using transport::Request;
using transport::Response;

constexpr std::uint32_t kWindow = 300, kLongestWindow = 900; // seconds
constexpr std::int64_t kSecondNs = 1'000'000'000;

awaitable<Result<Response>> login(Services services, Request& request) {
    const identity::WipeAtEnd wipe(request.body);
    CO_CHECK(only(request, {}));
    auto body = codec::decode<api::LoginRequest>(request.body);
    if (!body) co_return std::unexpected(body.error());
    const identity::WipeAtEnd wipe_password(body->password);
    auto peer = request.connection->peer;
    auto gone = gone_of(request);
    const auto made = co_await services.identity.doors.login(std::move(peer), std::move(*body), std::move(gone));
    if (!made) co_return std::unexpected(made.error());
    co_return reply(*made);
}

awaitable<Result<Response>> logout(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    auto asker = asker_of(request, "logout");
    CO_CHECK(co_await services.identity.doors.logout(std::move(asker)));
    request.connection->step_up = {};
    co_return nothing();
}

awaitable<Result<Response>> change_password(Services services, Request& request) {
    const identity::WipeAtEnd wipe(request.body);
    CO_CHECK(only(request, {}));
    auto body = codec::decode<api::PasswordRequest>(request.body);
    if (!body) co_return std::unexpected(body.error());
    const identity::WipeAtEnd wipe_old(body->old_password), wipe_new(body->new_password);
    auto asker = asker_of(request, "password.change");
    auto gone = gone_of(request);
    CO_CHECK(co_await services.identity.doors.change_password(std::move(asker), std::move(*body), std::move(gone)));
    co_return nothing();
}

awaitable<Result<Response>> open_window(Services services, Request& request) {
    const identity::WipeAtEnd wipe(request.body);
    CO_CHECK(only(request, {}));
    auto body = codec::decode<api::StepUpRequest>(request.body);
    if (!body) co_return std::unexpected(body.error());
    const auto seconds = body->seconds.value_or(kWindow);
    if (seconds == 0 || seconds > kLongestWindow)
        co_return fail(Code::invalid_value, "seconds must be between 1 and 900");
    identity::Secret password(body->password);
    auto peer = request.connection->peer;
    auto who = request.who();
    CO_CHECK(co_await services.identity.doors.prove(std::move(peer), std::move(who), std::move(password)));
    auto asker = asker_of(request, "stepup.open");
    CO_CHECK(co_await services.identity.doors.note_window(std::move(asker), seconds));
    const auto& opener = request.who();
    request.connection->step_up = {opener.name, opener.session, monotonic_ns() + seconds * kSecondNs,
                                   opener.password_changed};
    co_return reply(api::StepUp{rfc3339(wall_clock_us() + std::int64_t{seconds} * 1'000'000)});
}

awaitable<Result<Response>> close_window(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    const bool open = request.connection->step_up.until_ns > monotonic_ns();
    request.connection->step_up = {}; // whatever the log says: this takes rights away
    if (!open) co_return nothing();
    auto event = event_of(request, "step_up.closed", "stepup.close", "");
    event.outcome = "ok";
    const auto noted = co_await services.audit.append(std::move(event));
    if (!noted) co_return std::unexpected(noted.error());
    co_return nothing();
}

} // namespace

std::vector<transport::Route> door_routes(const Services& services) {
    const auto later = answered_later(services);
    return {
        {"login", later(login), {}},
        {"logout", later(logout), {}},
        {"password.change", later(change_password), {}},
        {"stepup.open", later(open_window), {}},
        {"stepup.close", later(close_window), {}},
    };
}

} // namespace owhale::verbs
