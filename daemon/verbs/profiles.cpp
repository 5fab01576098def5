#include "sandbox/profiles.hpp"

#include "shared/api.hpp"
#include "shared/api_profiles.hpp"
#include "verbs/groups.hpp"
#include "verbs/reply.hpp"

namespace owhale::verbs {
namespace {

using boost::asio::awaitable;
using transport::Request;
using transport::Response;

api::Profile shown(const sandbox::Profile& profile, bool with_text) {
    return {profile.name, profile.description, profile.digest, profile.source,
            with_text ? profile.text : std::string()};
}

Result<Response> list(const Services& services, const Request& request) {
    CHECK(only(request, {}));
    api::ProfileList out;
    for (const auto& profile : services.profiles.list()) out.profiles.push_back(shown(*profile, false));
    return reply(out);
}

Result<Response> show(const Services& services, const Request& request) {
    CHECK(only(request, {}));
    auto profile = services.profiles.find(request.params.at("name"));
    if (!profile) return fail(Code::not_found, profile.error().message, profile.error().next);
    return reply(shown(**profile, true));
}

Result<Response> check(const Services& services, const Request& request) {
    CHECK(only(request, {}));
    const auto asked = TRY(codec::decode<api::ProfileCheckRequest>(request.body));
    auto profile = services.profiles.check(asked.name, asked.text);
    if (profile) return reply(shown(*profile, true));
    auto error = std::move(profile).error();
    error.code = Code::invalid_value; // what was sent, and nothing of owhaled's own
    if (error.next.empty()) error.next = "owhaled-profiles(5) has every key and what it takes";
    return std::unexpected(std::move(error));
}

} // namespace

std::vector<transport::Route> profile_routes(const Services& services) {
    const auto now = answered_now(services);
    return {{"profiles.list", now(list), {}}, {"profiles.show", now(show), {}}, {"profiles.check", now(check), {}}};
}

} // namespace owhale::verbs
