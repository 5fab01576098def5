// Whether text is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates).
#pragma once

#include <cstddef>
#include <string_view>

namespace owhale {

// Bytes of the character that the text begins with; 0 where it begins with none.
std::size_t utf8_character(std::string_view text);
// The place of the first byte that begins none; the text's size where there is no such.
std::size_t first_not_utf8(std::string_view text);
// How much of the text at most `most` bytes can hold without cutting a character.
std::size_t size_to_cut(std::string_view text, std::size_t most);

} // namespace owhale
