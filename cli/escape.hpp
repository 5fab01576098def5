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
struct Character {
    char32_t value;
    std::size_t length; // bytes; 0: not UTF-8
};
// The UTF-8 character at the start of `text`, which is not empty (RFC 3629: shortest form, no surrogates, up to U+10FFFF).
Character decode(std::string_view text);
bool is_unseen(char32_t value);    // escaped() makes it visible
bool is_combining(char32_t value); // a mark: drawn over the character before it, or beside it
std::size_t columns_of(char32_t value);
std::string visible(char32_t value); // "\n", "\x1b", "\u{202e}"
std::string visible_byte(char byte); // "\xff", of what is no UTF-8

// At most `columns` columns; what is cut ends in "…".
std::string clipped(std::string_view text, std::size_t columns);

// One word as a POSIX shell would need it written: bare when harmless, else in single quotes.
std::string quoted(std::string_view word);
// With these a string is never taken for <iomanip>'s function of that name, whatever includes it.
inline std::string quoted(const std::string& word) {
    return quoted(std::string_view(word));
}
inline std::string quoted(const char* word) {
    return quoted(std::string_view(word));
}
// The same, but for the places of a grant's template (<word>, <path>, <number>), which stand as they are.
std::string quoted_in_template(std::string_view word);

} // namespace owhale::cli
