// Text from others made safe for a terminal: what could move the cursor, hide or reorder text becomes visible.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace owhale::cli {

// C0 and C1 controls, DEL, bidirectional and invisible format characters and broken UTF-8 become \n, \t, \xNN or
// \u{NNNN}. Everything else stays. One line stays one line.
std::string escaped(std::string_view text);
// The same, but line ends and tabs stay: for texts of several lines, such as a profile.
std::string escaped_lines(std::string_view text);

// Columns that a terminal gives this (escaped) text: wide East Asian characters count two, combining ones none.
std::size_t width(std::string_view text);
// At most `columns` columns; what is cut ends in "…".
std::string clipped(std::string_view text, std::size_t columns);

// One word as a POSIX shell would need it written: bare when harmless, else in single quotes.
std::string quoted(std::string_view word);

} // namespace owhale::cli
