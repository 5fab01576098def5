// Texts as a model, and whoever looks over its shoulder, may read them. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace owhale::mcp {

// Terminal sequences (ECMA-48 CSI, OSC and the like) are gone, lines end in \n, and what cannot be seen (controls, marks of
// direction, characters without width, tags) is written out: \u{202e}. `text` is UTF-8; what is not becomes U+FFFD.
std::string for_model(std::string_view text);

// A next step of owhaled's own in the words of the tools: "`owhalectl runs ls` lists yours" as "`list_runs` lists yours",
// --allow-host HOST as allow_hosts HOST. Not for what programs or people wrote.
std::string in_tool_words(std::string text);

// Without the part of a character that was cut off at its end, or at its start.
std::string_view without_cut_end(std::string_view text);
std::string_view without_cut_start(std::string_view text);

std::string base64(std::string_view bytes);

} // namespace owhale::mcp
