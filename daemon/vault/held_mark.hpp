// That the vault of a state folder holds secrets, as an empty file beside the database: for who must not read the database
// because it has rights that the database's bytes are no reason for.
#pragma once

#include <string>

#include "shared/error.hpp"

namespace owhale::vault {

// Also true where it cannot be known.
bool holds_secrets(const std::string& state_dir);
// On disk when it returns. Before the first secret is stored, so that none is ever without it. state_unavailable.
Status mark_held(const std::string& state_dir, bool held);

} // namespace owhale::vault
