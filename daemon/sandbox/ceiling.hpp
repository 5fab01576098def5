// What a verdict's ceiling leaves of what was asked for. Pure; nothing is ever wider than asked.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "policy/rule.hpp"
#include "sandbox/profile.hpp"
#include "shared/api.hpp"

namespace owhale::sandbox {

// The network that a run gets of the one it asked for.
std::string net_under(const policy::Ceiling& ceiling, const std::string& asked);
// What two profiles have in common: of each limit and list the narrower. It is `ceiling` itself where that is the narrower
// throughout, and keeps the name of `asked` else.
std::shared_ptr<const Profile> narrower_of(std::shared_ptr<const Profile> asked,
                                           std::shared_ptr<const Profile> ceiling);

} // namespace owhale::sandbox
