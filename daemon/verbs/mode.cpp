// GET /v1/mode: everything in which the security modes differ, with the value in force.
#include <algorithm>

#include "config/modes.hpp"
#include "identity/service.hpp"
#include "shared/api_identity.hpp"
#include "verbs/groups.hpp"
#include "verbs/reply.hpp"

namespace owhale::verbs {
namespace {

using boost::asio::awaitable;
using transport::Request;
using transport::Response;

// Of the first account the state folder knows more than the settings do.
Result<std::string> now_of(const config::Difference& row, const Services& services) {
    if (row.name == "first-account") return services.identity.first_account();
    return config::words_now(row, services.settings);
}

Result<Response> show(const Services& services, const Request& request) {
    CHECK(only(request, {}));
    const auto& settings = services.settings;
    api::ModeTable out;
    out.mode = settings.mode;
    const auto source = std::ranges::find(settings.rows, "mode", &config::Row::key);
    if (source != settings.rows.end()) out.source = source->source;
    for (const auto& row : config::differences())
        out.rows.push_back({std::string(row.name), std::string(row.what),
                            config::words_for(row, *config::find_mode("local")),
                            config::words_for(row, *config::find_mode("strict")), TRY(now_of(row, services))});
    return reply(out);
}

} // namespace

std::vector<transport::Route> mode_routes(const Services& services) {
    return {{"mode.show",
             [services](Request& request) -> awaitable<Result<Response>> { co_return show(services, request); },
             {}}};
}

} // namespace owhale::verbs
