#include "verbs/routes.hpp"

#include <iterator>

#include "verbs/groups.hpp"
#include "verbs/input.hpp"

namespace owhale::verbs {

std::vector<transport::Route> routes(const Services& services) {
    std::vector<transport::Route> all;
    for (auto* group :
         {run_routes,     output_routes,    control_routes,  attach_routes, box_routes,          system_routes,
          profile_routes, policy_routes,    approval_routes, audit_routes,  audit_export_routes, audit_proof_routes,
          mode_routes,    door_routes,      account_routes,  token_routes,  access_routes,       freeze_routes,
          event_routes,   grant_routes,     stats_routes,    secret_routes, host_routes,         input_routes,
          metrics_routes, workspace_routes, pairing_routes,  device_routes, ticket_routes}) {
        auto some = group(services);
        std::move(some.begin(), some.end(), std::back_inserter(all));
    }
    return all;
}

} // namespace owhale::verbs
