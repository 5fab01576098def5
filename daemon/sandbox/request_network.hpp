// What a request says about its network, by itself: shapes and sizes, and which network it means. Pure.
#pragma once

#include <string>

#include "config/settings.hpp"
#include "sandbox/profile.hpp"
#include "shared/api.hpp"
#include "shared/error.hpp"

namespace owhale::sandbox {

// Its hosts come out in their one spelling.
Status check_network(api::RunRequest& request);
// Whether it names something that only a scoped network has.
bool wants_scope(const api::RunRequest& request);
// "none", "scoped" or "host": its own word, what it needs, the profile's, the setting's.
std::string network_of(const api::RunRequest& request, const Profile& profile, const config::Settings& settings);

} // namespace owhale::sandbox
