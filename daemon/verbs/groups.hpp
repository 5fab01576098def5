// The routes of each group of verbs.
#pragma once

#include <vector>

#include "verbs/routes.hpp"

namespace owhale::verbs {

std::vector<transport::Route> run_routes(const Services& services);
std::vector<transport::Route> output_routes(const Services& services);
std::vector<transport::Route> control_routes(const Services& services);
std::vector<transport::Route> attach_routes(const Services& services);
std::vector<transport::Route> box_routes(const Services& services);
std::vector<transport::Route> system_routes(const Services& services);
std::vector<transport::Route> profile_routes(const Services& services);
std::vector<transport::Route> audit_routes(const Services& services);
std::vector<transport::Route> mode_routes(const Services& services);
std::vector<transport::Route> door_routes(const Services& services);    // login, logout, password, step-up
std::vector<transport::Route> account_routes(const Services& services); // users
std::vector<transport::Route> token_routes(const Services& services);   // sessions, tokens
std::vector<transport::Route> access_routes(const Services& services);  // access, keys, jwks

} // namespace owhale::verbs
