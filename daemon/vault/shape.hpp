// What a run sees in place of a value: of its look, so that programs which check it are content, and worth nothing.
#pragma once

#include <string>
#include <string_view>

namespace owhale::vault {

// The value's known prefix ("sk-"), "owhale-", then random letters of the value's own alphabet: 128 bits of them at least.
// As long as a value of 24 to 512 bytes where that leaves room for them; never a byte that a header could not carry.
std::string placeholder_for(std::string_view value);

} // namespace owhale::vault
