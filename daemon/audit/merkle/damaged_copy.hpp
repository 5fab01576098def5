// A root that was kept as text and damaged, told from another tree's.
#pragma once

#include "audit/merkle/tree.hpp"

namespace owhale::audit::merkle {

// Whether a hash is another one in whose base64 some characters were changed, at most 11 of 43: so much alike are no two
// hashes that were made, nor can be (2^-160).
bool is_damaged_copy(const Hash& copy, const Hash& of);

} // namespace owhale::audit::merkle
