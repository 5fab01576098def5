// What a run may reach: made of its request, its profile and the lists, narrowed by whoever asks and by a verdict's ceiling.
// Pure; nothing is ever wider than asked.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "policy/rule.hpp"
#include "sandbox/bounds.hpp"
#include "sandbox/host_book.hpp"
#include "sandbox/profile.hpp"
#include "shared/api.hpp"
#include "shared/error.hpp"

namespace owhale::sandbox {

struct ScopeFacts {
    const api::RunRequest& request;
    const Profile& profile;
    const config::Settings& settings;
    const HostBook* book = nullptr; // null: no lists
    const std::string& principal;
};

// Of a run whose network is scoped. invalid_value names a list that is not there.
Result<api::NetScope> make_scope(const ScopeFacts& facts);
// A run's run reaches nothing that its parent does not: host_denied, secret_denied, forbidden name what is beyond.
Status hold_scope(api::NetScope& scope, const Parent& parent);
// The parts of a request that the policy is asked about as if they were commands: "--allow-host api.example.com",
// "--host-port 5432", "--secret NAME=env", "--broker ssh-agent", "--publish 0.0.0.0:80:80".
std::vector<std::vector<std::string>> questions_of(const api::NetScope& scope, const api::RunRequest& request);
// What a ceiling leaves of it; a sentence for each that it took.
std::vector<std::string> narrow_scope(api::NetScope& scope, const policy::Ceiling& ceiling);
// What two profiles have in common.
ProfileNetwork narrower(const ProfileNetwork& asked, const ProfileNetwork& ceiling);
bool same_network(const ProfileNetwork& a, const ProfileNetwork& b);

} // namespace owhale::sandbox
