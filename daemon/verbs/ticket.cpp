// runs.ticket: what opens a run's WebSocket in a browser, which sends no header there by which one is known.
#include "base/clock.hpp"
#include "shared/api_input.hpp"
#include "transport/tickets.hpp"
#include "verbs/caller.hpp"
#include "verbs/groups.hpp"
#include "verbs/reply.hpp"

namespace owhale::verbs {
namespace {

using identity::Kind;

Result<transport::Response> make(const Services& services, const transport::Request& request) {
    CHECK(only(request, {}));
    const auto found = TRY(find_run(request, services.runs, identity::Permission::runs_control));
    const auto& who = request.who();
    if (who.kind != Kind::device && who.kind != Kind::user)
        return fail(Code::unsupported, who.name + " is known by its connection, and needs no ticket",
                    "open the WebSocket without one");
    auto path = "/v1/runs/" + found.record.id + "/attach";
    const auto ticket = TRY(services.tickets->make(who, path));
    const auto expires = rfc3339(wall_clock_us() + transport::Tickets::kLife * 1'000'000);
    return reply(api::AttachTicket{std::move(path), std::string(transport::kTicketPrefix) + ticket, expires}, 201);
}

} // namespace

std::vector<transport::Route> ticket_routes(const Services& services) {
    return {{"runs.ticket", answered_now(services)(make), {}}};
}

} // namespace owhale::verbs
