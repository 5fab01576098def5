// Output of programs as a model, and whoever looks over its shoulder, may read it. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace owhale::mcp {

// Terminal sequences (ECMA-48 CSI, OSC and the like) are gone, lines end in \n, and what cannot be seen (controls, marks of
// direction, characters without width, tags) is written out: \u{202e}. `text` is UTF-8; what is not becomes U+FFFD.
std::string for_model(std::string_view text);

// Without the part of a character that was cut off at its end, or at its start.
std::string_view without_cut_end(std::string_view text);
std::string_view without_cut_start(std::string_view text);

std::string base64(std::string_view bytes);

} // namespace owhale::mcp
