// Text to tree. Strict: what is not understood exactly is an error, never a guess.
//
// Linear in the length of the text; recursion is bounded; no exception. Aliases are not expanded: a script that
// defines one is parsed as it stands, and the normal form calls what follows opaque.
//
// Stricter than bash -n, where shells part or what runs cannot be known from the text:
//   the inside of `…`, ${…}, $((…)) and of an unquoted here-document is parsed too, not only its end looked for
//   a here-document ended by the end of the text or by `)` on its last line; its end broken over lines; a delimiter
//     that looks like an expansion
//   a `;` behind a here-document in $(…) or <(…): bash 5.2 loses it and joins the two commands
//   ' in "${x:-…'}'…}"; \" in backquotes of a here-document or of "${…}": bash and dash read another text
//   a[…] with quotes or expansions that no = follows; [ with blanks in an array; eval x=(…)
//   a function's name with quotes or expansions; coproc x if …; ( time )
// Laxer: extended patterns @(…) are words everywhere (bash: after shopt -s extglob), but `!(` before a command is a
// negated subshell; `((` that bash then fails to match is read as two subshells.
//
// Source: IEEE Std 1003.1-2017 XCU 2, and bash(1) 5.2.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "policy/shell/ast.hpp"

namespace owhale::policy::shell {

struct Bounds {
    std::size_t bytes = 1 << 20;
    std::size_t depth = 64;        // of nested commands, expansions and quotes
    std::size_t commands = 10'000; // simple commands, those in substitutions too
};
constexpr std::size_t kMaxBrace = 1'000; // words of one brace expansion

struct SyntaxError {
    Span span;
    std::string message;  // "a here-document without its end `EOF`"
    bool too_big = false; // one of the bounds, not the grammar
};

template <typename T> using Parsed = std::expected<T, SyntaxError>;

Parsed<Script> parse(std::string_view text, const Bounds& bounds = {});

} // namespace owhale::policy::shell
