// GET /metrics: what the parts of owhaled have counted, and how they are now, as text.
#include "base/clock.hpp"
#include "metrics/scrape.hpp"
#include "verbs/groups.hpp"
#include "verbs/reply.hpp"

namespace owhale::verbs {
namespace {

using transport::Request;
using transport::Response;

// They are of everybody's acts: who may see its own alone may not see them.
Result<Response> show(const Services&, const Request& request) {
    CHECK(only(request, {}));
    if (!any(request, identity::Permission::metrics))
        return fail(Code::forbidden, request.who().name + " may not read the counts of everybody's requests",
                    "an account with the role monitor, auditor, approver or admin may, or a token: owhalectl tokens "
                    "add --role monitor");
    const auto accept = request.headers.find("accept");
    const auto format = metrics::format_of(accept == request.headers.end() ? "" : std::string_view(accept->second));
    Response response;
    response.content_type = metrics::content_type(format);
    response.body = metrics::scrape(format, wall_clock_us());
    return response;
}

} // namespace

std::vector<transport::Route> metrics_routes(const Services& services) {
    return {{"metrics", answered_now(services)(show), {}}};
}

} // namespace owhale::verbs
