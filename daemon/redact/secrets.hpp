// The table of secrets that are known by their look: a prefix that nothing else has, then so many letters of one alphabet.
// Sources: the makers' own pages on their tokens' formats; GitHub's list of secret scanning patterns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace owhale::redact {

enum class Alphabet : std::uint8_t {
    alnum,
    upper,  // A-Z 0-9
    hex,    // lower case
    word,   // alnum _
    url,    // alnum _ -
    dotted, // alnum _ - .
    base64, // alnum + / =
    bearer, // of RFC 6750: alnum - . _ ~ + / =
    value,  // what an unquoted or quoted value is made of: no spaces, quotes, brackets, separators
};
bool is_of(Alphabet alphabet, char c);

enum Traits : unsigned {
    kWordStart = 1,   // only where a word begins: the prefix is short
    kHoldsDigit = 2,  // else it is a name with dashes
    kKeepsPrefix = 4, // the prefix says where it was, and is shown
};

struct SecretRow {
    std::string_view label; // "github-token", as the mask says it
    std::string_view prefix;
    Alphabet alphabet;
    std::size_t least, most; // of what follows the prefix; most 0: no limit
    unsigned traits;
    std::string_view example, counter; // what may follow the prefix; what may not
};

// By first byte of the prefix; a longer prefix before one that it begins with.
std::span<const SecretRow> secret_rows();
// Those whose prefix begins with this byte.
std::span<const SecretRow> rows_from(char first);

// The first place from `from` on where something that is looked for may begin, by its first three bytes; the text's size
// when there is none. This is the loop that every byte goes through.
std::size_t next_candidate(std::string_view text, std::size_t from);

} // namespace owhale::redact
