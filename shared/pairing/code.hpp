// Pairing codes: what a person reads off one screen and types into another. Pure, but for new_code's randomness.
//
// Eight characters of Crockford's base 32, 40 bits. The first two say which of the open codes is meant and travel in the
// clear; the other six, 30 bits, are proved without being sent (cpace.hpp). With five tries a guess succeeds once in two
// hundred million times.
#pragma once

#include <string>
#include <string_view>

#include "shared/error.hpp"

namespace owhale::pairing {

inline constexpr std::size_t kCodeSize = 8, kHintSize = 2;

std::string new_code(); // canonical: eight upper-case characters, no dash
// As it was typed: any case, blanks and dashes anywhere, I and L for 1, O for 0. invalid_value; at most 64 bytes are read.
Result<std::string> read_code(std::string_view typed);
std::string shown_code(std::string_view code); // "7K3M-9QXT"
// Of a canonical code: which one it is. Not secret.
std::string_view hint_of(std::string_view code);
bool is_hint(std::string_view text);

} // namespace owhale::pairing
