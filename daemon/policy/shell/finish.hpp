// What a word's unquoted text means once the word is whole: braces first, then tildes, then patterns, as bash does.
#pragma once

#include <algorithm>
#include <cstddef>

#include "policy/shell/ast.hpp"

namespace owhale::policy::shell {

struct Style {
    bool braces = true;    // {a,b} are alternatives
    bool value = false;    // the right side of an assignment: a tilde also after each colon
    bool globs = true;     // * ? [ are patterns
    bool argument = false; // name=value as an argument: the value's tildes count too
    bool declares = false; // … of declare, export, …: and its braces do not
};

constexpr Style kArgument{.argument = true};
constexpr Style kDeclared{.argument = true, .declares = true};
constexpr Style kValue{.braces = false, .value = true, .globs = false};
constexpr Style kOperand{.braces = false};
constexpr Style kText{.braces = false, .globs = false};

// Of one parse: a script may be short and its brace expansions long. In proportion to it, so that their time is, too.
struct BraceBudget {
    explicit BraceBudget(std::size_t bytes) : left(std::min<std::size_t>(4'096 + bytes, 65'536)) {}

    std::size_t left;       // words
    std::size_t depth = 32; // of braces within braces
};

void finish(Word& word, Style style, BraceBudget& budget);

// Its three steps.
void expand_braces(Word& word, BraceBudget& budget);
void close_braces(std::vector<Part>& parts); // to their text, with the expansions inside behind it: not known here
void find_tildes(std::vector<Part>& parts, Style style, bool last); // last: nothing follows these parts in the word
void find_brackets(std::vector<Part>& parts);

// The bytes of a word's first unquoted literal that read `name=` or `name+=`; 0 when it reads otherwise.
std::size_t assignment_prefix(const std::vector<Part>& parts);

} // namespace owhale::policy::shell
