// GET /v1/approvals/stats: the prompt budget, and what would spare questions.
#include "approvals/stats.hpp"

#include "verbs/groups.hpp"
#include "verbs/reply.hpp"

namespace owhale::verbs {
namespace {

using transport::Request;
using transport::Response;

constexpr std::uint64_t kWeek = 24 * 7; // hours
constexpr std::size_t kLongestName = 256;

Result<Response> stats(const Services& services, const Request& request) {
    CHECK(only(request, {"hours", "principal"}));
    const auto hours = TRY(number_of(request, "hours", kWeek, approvals::kLongestStats));
    if (hours == 0) return fail(Code::invalid_value, "hours must be at least 1");
    auto principal = text_of(request, "principal");
    if (principal.size() > kLongestName) return fail(Code::invalid_value, "principal is longer than 256 bytes");
    if (!any(request, identity::Permission::approvals_read)) {
        if (!principal.empty() && principal != request.who().person())
            return fail(Code::forbidden, "you may see your own questions only", "leave out principal");
        principal = request.who().person();
    }
    return reply(TRY(services.approval_stats->of(principal, hours)));
}

} // namespace

std::vector<transport::Route> stats_routes(const Services& services) {
    return {{"approvals.stats", answered_now(services)(stats), {}}};
}

} // namespace owhale::verbs
