// The routes of each group of verbs.
#pragma once

#include <vector>

#include "verbs/routes.hpp"

namespace owhale::verbs {

std::vector<transport::Route> run_routes(const Services& services);
std::vector<transport::Route> output_routes(const Services& services);
std::vector<transport::Route> control_routes(const Services& services);
std::vector<transport::Route> attach_routes(const Services& services);
std::vector<transport::Route> ticket_routes(const Services& services);
std::vector<transport::Route> box_routes(const Services& services);
std::vector<transport::Route> system_routes(const Services& services);
std::vector<transport::Route> profile_routes(const Services& services);
std::vector<transport::Route> policy_routes(const Services& services);
std::vector<transport::Route> approval_routes(const Services& services);
std::vector<transport::Route> audit_routes(const Services& services);
std::vector<transport::Route> audit_proof_routes(const Services& services);
std::vector<transport::Route> audit_export_routes(const Services& services);
std::vector<transport::Route> mode_routes(const Services& services);
std::vector<transport::Route> metrics_routes(const Services& services);
std::vector<transport::Route> door_routes(const Services& services);    // login, logout, password, step-up
std::vector<transport::Route> account_routes(const Services& services); // users
std::vector<transport::Route> token_routes(const Services& services);   // sessions, tokens
std::vector<transport::Route> pairing_routes(const Services& services);
std::vector<transport::Route> device_routes(const Services& services);
std::vector<transport::Route> freeze_routes(const Services& services);
std::vector<transport::Route> access_routes(const Services& services); // access, keys, jwks
std::vector<transport::Route> event_routes(const Services& services);
std::vector<transport::Route> grant_routes(const Services& services);
std::vector<transport::Route> host_routes(const Services& services);
std::vector<transport::Route> stats_routes(const Services& services); // approvals.stats
std::vector<transport::Route> secret_routes(const Services& services);
std::vector<transport::Route> workspace_routes(const Services& services);

// What makes a route's handler of a function of Services and Request: one that answers at once, or a coroutine.
inline auto answered_now(const Services& services) {
    return [services](auto function) {
        return
            [services, function](transport::Request& request) -> boost::asio::awaitable<Result<transport::Response>> {
                co_return function(services, request);
            };
    };
}
inline auto answered_later(const Services& services) {
    return [services](auto function) {
        return [services, function](transport::Request& request) { return function(services, request); };
    };
}

} // namespace owhale::verbs
