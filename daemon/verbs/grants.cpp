// Standing grants: who holds which, and their end.
#include "approvals/grants.hpp"

#include "identity/service.hpp"
#include "verbs/asker.hpp"
#include "verbs/groups.hpp"
#include "verbs/reply.hpp"

namespace owhale::verbs {
namespace {

using boost::asio::awaitable;
using transport::Request;
using transport::Response;

constexpr std::uint64_t kMostListed = 500;

Result<Response> list(const Services& services, const Request& request) {
    CHECK(only(request, {"all", "before", "limit"}));
    approvals::Grants::Wanted wanted;
    wanted.all = TRY(number_of(request, "all", 0, 1)) == 1;
    wanted.before = text_of(request, "before");
    wanted.limit = TRY(number_of(request, "limit", 50, kMostListed));
    if (wanted.limit == 0) return fail(Code::invalid_value, "limit must be at least 1");
    return reply(TRY(services.grants->list(request.who(), wanted)));
}

Result<Response> show(const Services& services, const Request& request) {
    CHECK(only(request, {}));
    return reply(TRY(services.grants->show(request.who(), request.params.at("id"))));
}

awaitable<Result<Response>> revoke(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    auto who = request.who();
    auto id = request.params.at("id");
    auto standing = standing_of(request, services.identity, identity::Permission::grants);
    CO_CHECK(co_await services.grants->revoke(std::move(who), std::move(id), std::move(standing)));
    co_return nothing();
}

} // namespace

std::vector<transport::Route> grant_routes(const Services& services) {
    const auto now = answered_now(services);
    const auto later = answered_later(services);
    return {{"grants.list", now(list), {}}, {"grants.show", now(show), {}}, {"grants.revoke", later(revoke), {}}};
}

} // namespace owhale::verbs
