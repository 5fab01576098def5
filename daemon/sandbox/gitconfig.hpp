// The caller's git settings without what a cage must not have: credentials, and what needs them.
#pragma once

#include <string>
#include <string_view>

namespace owhale::sandbox {

// Keeps user, core, alias, init, merge, diff, … of a git configuration; drops credential, http, url, include, gpg,
// sendemail, and the requests to sign. What cannot be read as a configuration is dropped with the rest of its section.
std::string without_credentials(std::string_view config);

} // namespace owhale::sandbox
