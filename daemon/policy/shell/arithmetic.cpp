// Arithmetic: the text as written, with the expansions inside; and its likeness to a subshell in a subshell.
#include "policy/shell/characters.hpp"
#include "policy/shell/grammar.hpp"

namespace owhale::policy::shell {

// `$((` is arithmetic when its parentheses close together, and else a subshell in a substitution (POSIX 2.6.4).
Parsed<Part> Grammar::dollar_parens(bool quoted) {
    const auto from = begin();
    if (peek(2) == '(') {
        bool is_one = false;
        auto part = TRY(arithmetic_attempt(from, 3, is_one));
        part.quoted = quoted;
        if (is_one) return part;
    }
    return substitution(PartKind::command, quoted);
}

Parsed<Command> Grammar::parens() {
    const auto from = begin();
    if (peek(1) == '(') {
        bool is_one = false;
        auto part = TRY(arithmetic_attempt(from, 2, is_one));
        Command command;
        command.kind = CommandKind::arithmetic;
        command.span = part.span;
        command.text = std::move(part.text);
        command.words = std::move(part.words);
        if (is_one) return command;
    }
    return subshell();
}

// A failed attempt is remembered by its place, so that attempts within attempts cannot multiply; what they cost in
// all is bounded by `reread_limit`.
Parsed<Part> Grammar::arithmetic_attempt(std::size_t begin, std::size_t opening, bool& is_one) {
    if (shared_.subshells.contains(reader_.place(begin))) return Part{};
    const auto commands = shared_.commands;
    reader_.skip(opening);
    auto part = arithmetic(begin, ')');
    if (part || part.error().too_big) {
        is_one = part.has_value();
        return part;
    }
    shared_.reread += reader_.position() - begin;
    if (shared_.reread > shared_.reread_limit)
        return too_big(begin, "too many `((` that are no arithmetic; put a blank between the parentheses");
    shared_.subshells.insert(reader_.place(begin));
    shared_.commands = commands;
    reader_.seek(begin);
    return Part{};
}

Parsed<Part> Grammar::old_arithmetic(bool quoted) {
    const auto from = begin();
    reader_.skip(2);
    auto part = TRY(arithmetic(from, ']'));
    part.quoted = quoted;
    return part;
}

// Behind the opening; `close` is ) for `))` and ] for `]`.
Parsed<Part> Grammar::arithmetic(std::size_t begin, char close) {
    const auto nested = TRY(enter(begin));
    const char open = close == ')' ? '(' : '[';
    const auto text = reader_.position();
    Builder out;
    std::size_t semicolons = 0;
    for (std::size_t depth = 0; depth > 0 || peek() != close;) {
        if (peek() == kEnd) return fail(begin, std::string("the arithmetic is not closed; `") + close + "` is missing");
        semicolons += peek() == ';' ? 1 : 0;
        depth += peek() == open ? 1 : 0;
        depth -= peek() == close ? 1 : 0;
        CHECK(arithmetic_piece(out));
    }
    Part part;
    part.kind = PartKind::arithmetic;
    part.text = reader_.text(text, reader_.position());
    if (close == ')' && peek(1) != ')') return fail(begin, "the arithmetic is not closed; `))` is missing");
    skip(close == ')' ? 2 : 1);
    part.span = since(begin);
    part.words = expansions(out.take({}));
    semicolons_ = semicolons;
    return part;
}

Grammar::Step Grammar::arithmetic_piece(Builder& out) {
    if (peek() == '"') return double_quotes(out);
    if (peek() == '\'') return kept_quotes(out);
    if (peek() == '\\') return escape(out);
    return quoted_piece(out, {});
}

} // namespace owhale::policy::shell
