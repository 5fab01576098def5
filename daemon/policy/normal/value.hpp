// A word as the program would get it, as far as that can be known before the run.
//
// `text` holds decoded bytes. An argument of execve cannot hold NUL, so NUL introduces what is not known:
//   "\0!"  any string, "/" too (a variable, a command substitution)      a hole
//   "\0*"  any string without "/" (a pattern, over file names)           a glob
//   "\0?"  any one byte but "/"
#pragma once

#include <string>
#include <string_view>

#include "policy/span.hpp"

namespace owhale::policy {

enum class Known : std::uint8_t { known, partly, opaque }; // opaque: nothing but holes

struct Value {
    std::string text;
    Span span;

    Known known() const;
    bool is(std::string_view word) const { return text == word; } // exactly, and known
};

constexpr std::string_view kHole{"\0!", 2}, kAnyName{"\0*", 2}, kAnyByte{"\0?", 2};

// For people: holes as "…", patterns as written.
std::string shown(std::string_view text);

enum class Match : std::uint8_t { no, maybe, yes }; // maybe: it depends on what is not known

// A rule's pattern against a value's text. In the pattern * is any string without "/", ** any string, ? one byte but
// "/", {a,b} alternatives, [0-9] one byte of a range; every other byte is itself. Linear in pattern times text.
Match match_glob(std::string_view pattern, std::string_view text);

} // namespace owhale::policy
