// The folder of the TCP accounts' own folders, made before anything is given up.
#pragma once

#include "config/settings.hpp"
#include "shared/error.hpp"

namespace owhale {

// Root's, of the accounts' group, mode 1770: an account's process makes its own folder in it and touches no other's;
// nobody else on this machine so much as passes. A folder that is there has to be root's and closed to others already.
Status ensure_accounts_dir(const config::Settings& settings);

} // namespace owhale
