// How much a text asks for: sizes as programs read them, and how many words a word of a shell becomes.
#pragma once

#include <string_view>

namespace owhale::policy::normal {

// "10G", "1.5TiB", "4k", "1073741824" in bytes; 0 for anything else.
double size_of(std::string_view text);

// Of the source of one word: {1..5000} and {a..z}{a..z} by the braces, $(seq 1 9999) by its numbers. 1 where it says nothing.
double words_of(std::string_view source);

} // namespace owhale::policy::normal
