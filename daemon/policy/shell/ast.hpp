// The tree of a shell script, as parsed: POSIX sh (IEEE Std 1003.1, XCU 2) and the bash that people write.
//
// Every node has the range of bytes that it came from. Words keep their parts apart, decoded: what was quoted is never
// taken for a pattern, a tilde or a separator again. Nothing is expanded here.
// Spans nest, but for the body of a here-document, which lies behind the line of its command.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policy/span.hpp"

namespace owhale::policy::shell {

struct Script;
struct Word;
struct Parameter;

enum class PartKind : std::uint8_t {
    literal,     // `text`: decoded bytes
    parameter,   // $x ${x…}: `parameter`
    command,     // $(…) `…`: `script`
    arithmetic,  // $((…)) $[…]: `text` as written, `words` the expansions inside
    process_in,  // <(…): `script`
    process_out, // >(…): `script`
    glob,        // one active pattern: * ? […] or an extglob @(…): `text` as written, `words` the expansions inside;
                 // [ alone when its ] stands behind a quote or an expansion
    tilde,       // ~ or ~name at the start of a word, or after : and = in an assignment: `text` is the name
    brace,       // {a,b} {1..9}: `words` are the alternatives, in order; over kMaxBrace of them, or when bash's reading
                 // is not modelled: `text`, no words, and the expansions inside as parts behind it. A word that comes
                 // out of it empty and unquoted vanishes: rm {,-rf} / has two arguments
};

struct Part {
    PartKind kind = PartKind::literal;
    bool quoted = false; // no field splitting, no pattern: came from '…', "…", $'…' or a backslash
    Span span;
    std::string text;
    std::unique_ptr<Parameter> parameter;
    std::unique_ptr<Script> script;
    std::vector<Word> words;
};

struct Word {
    Span span;
    std::vector<Part> parts; // empty: the empty word ('' or ""); an empty quoted literal keeps ""$x alive
};

struct Parameter {    // ${name…}
    std::string name; // "x", "1", "@", "?", …
    std::string op;   // "", ":-", "-", ":=", "=", ":?", "?", ":+", "+", "#", "##", "%", "%%", "/", "//", "/#", "/%",
        // ":" (substring), "^", "^^", ",", ",,", "@Q" and the like, "length" (${#x}), "keys" (${!x[@]}, ${!x*})
    bool indirect = false;       // ${!x}
    std::optional<Word> index;   // ${x[index]}
    std::vector<Word> arguments; // of the operator: one, or two for / and :
};

enum class RedirectOp : std::uint8_t {
    in,          // <
    out,         // >
    append,      // >>
    clobber,     // >|
    in_out,      // <>
    dup_in,      // <&
    dup_out,     // >&   (with a word that is no number or -: as both)
    both,        // &>
    both_append, // &>>
    heredoc,     // << and <<-: `target` is the body; quoted delimiter: one quoted literal
    herestring,  // <<<
};

struct Redirect {
    RedirectOp op = RedirectOp::in;
    Span span;
    std::optional<std::uint32_t> fd; // absent: the operator's default
    std::string variable;            // {name}>file
    Word target;
};

struct Assignment {
    Span span;
    std::string name;
    bool append = false; // +=
    bool array = false;  // name=(…): `elements`
    std::optional<Word> index;
    Word value;
    std::vector<Assignment> elements; // `index` absent for a plain one
};

enum class CommandKind : std::uint8_t {
    simple,      // assignments, words, redirects
    subshell,    // ( … ): bodies[0]
    group,       // { …; }: bodies[0]
    if_clause,   // bodies: condition, then, condition, then, …, and else when their number is odd
    while_loop,  // bodies: condition, body
    until_loop,  // bodies: condition, body
    for_loop,    // name; words (none and !listed: "$@"); bodies[0]
    arith_for,   // ((a;b;c)): `text`, `words` the expansions inside; bodies[0]
    select_loop, // as for_loop
    case_clause, // words[0], arms
    function,    // name; bodies[0] is its body, redirects its own
    test,        // [[ … ]]: words: the operands and operators, in order
    arithmetic,  // (( … )): `text`, `words` the expansions inside
    coproc,      // name; bodies[0]
};

struct CaseArm {
    Span span;
    std::vector<Word> patterns;
    std::unique_ptr<Script> body; // never null
    std::string terminator;       // ";;", ";&", ";;&"
};

struct Command {
    CommandKind kind = CommandKind::simple;
    Span span;
    std::vector<Assignment> assignments;
    std::vector<Word> words;
    std::vector<Redirect> redirects;
    std::string name, text;
    bool listed = false; // for … in …
    std::vector<Script> bodies;
    std::vector<CaseArm> arms;
};

struct Pipeline {
    Span span;
    bool negated = false, timed = false;
    std::vector<Command> commands; // at least one
    std::vector<bool> errors_too;  // |& after the command of the same index
};

enum class Joiner : std::uint8_t { first, and_if, or_if };

struct Link {
    Joiner joiner = Joiner::first;
    Pipeline pipeline;
};

struct Statement { // pipelines joined by && and ||, ended by ; & or a line's end
    Span span;
    std::vector<Link> links;
    bool background = false;
};

struct Script {
    Span span;
    std::vector<Statement> statements;
};

} // namespace owhale::policy::shell
