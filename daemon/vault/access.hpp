// Who may use a secret: its owner, and whom it names. Pure.
#pragma once

#include <string>

#include "identity/principal.hpp"
#include "vault/keep.hpp"

namespace owhale::vault {

// An account of the same name that was made later is another owner. A run, and who shows nothing, own nothing.
bool is_owner(const identity::Principal& who, const Meta& meta);
// Its owner, or one whom it names by principal or role.
bool may_use(const identity::Principal& who, const Meta& meta);
// secret_denied: expired at `now` (RFC 3339, microseconds), or not for runs of this profile.
Status check_standing(const Meta& meta, const std::string& profile, const std::string& now);

} // namespace owhale::vault
