// What of a text is searched for: characters as they fold, which of them words are made of, and which nobody sees.
//
// Folded are case, accents and the compatibility forms of Unicode (full-width, mathematical, ligatures), as FTS5's unicode61
// folds and some more: "Größe" and "ｇrosse" are one. Letters, numbers and marks of any script make words.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace owhale::audit::index {

struct Range {
    char32_t first, last;
};
struct Fold { // every `step`th of them, to `to` and every `to_step`th on
    char32_t first, last;
    std::uint32_t step;
    char32_t to;
    std::uint32_t to_step;
};
struct Spelling {
    char32_t of;
    const char* as;
};

enum class Kind : unsigned char {
    delimiter,
    joint,   // within a name, between its parts
    part,    // ASCII's letters and digits
    foreign, // a byte of any other letter
};
// Of a byte of folded text. What is no letter beyond ASCII, nor a blank, is written there in bytes that UTF-8 has not.
Kind kind_of(char folded);

struct Folded {
    std::string text; // blanks in a row are one space; what nobody sees is not there
    // Places in it where something was that nobody sees: what follows may have been glued to what is before it.
    std::vector<std::size_t> seams;
};
// Into `out`, whose memory is used again. What is no UTF-8 is a delimiter, too.
void fold(std::string_view text, Folded& out);

} // namespace owhale::audit::index
