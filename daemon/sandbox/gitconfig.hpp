// The caller's git settings without what a cage must not have: credentials, and what needs them.
//
// Read by git's own grammar (git-config(1), "Syntax") and written anew from what was read, so that no line can be one thing to
// us and another to git.
#pragma once

#include <string>
#include <string_view>

namespace owhale::sandbox {

// Keeps what is known to hold no secret: user, core, alias, init, merge, diff, …; but no request to sign, no program that asks
// for passwords. At the first thing that git would refuse it ends.
std::string without_credentials(std::string_view config);

} // namespace owhale::sandbox
