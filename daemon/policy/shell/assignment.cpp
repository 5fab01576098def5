// Assignments: name=value, name+=value, name[index]=value, name=(…).
#include <algorithm>

#include "policy/shell/characters.hpp"
#include "policy/shell/grammar.hpp"

namespace owhale::policy::shell {

// An assignment at the reader, into command.assignments. As an `argument` of declare and its kin only an array is
// one; the rest stay words.
Parsed<bool> Grammar::assignment(Command& command, bool argument) {
    if (!is_name_start(peek())) return false;
    const auto from = begin();
    Reader look = reader_;
    Assignment out;
    for (; is_name(look.peek()); look.skip()) out.name += static_cast<char>(look.peek());
    if (look.peek() == '[' && !argument) {
        if (!subscript_follows(look)) return false;
        reader_ = look;
        out.index = TRY(index());
        look = reader_;
        if (look.peek() != '=' && look.peek() != '+') return unexpected("`=` after a subscript");
    }
    out.append = look.peek() == '+' && look.peek(1) == '=';
    if (look.peek() != '=' && !out.append) return out.index ? Parsed<bool>(unexpected("`=` after a subscript")) : false;
    look.skip(out.append ? 2 : 1);
    const bool list = look.peek() == '(';
    if (argument && !list) return false;
    reader_ = look;
    if (list && !out.index)
        out = TRY(array(std::move(out)));
    else
        out.value = TRY(word(kValue));
    out.span = since(from);
    command.assignments.push_back(std::move(out));
    return true;
}

// The parenthesis of name=(…) is at the reader.
Parsed<Assignment> Grammar::array(Assignment assignment) {
    const auto from = begin();
    const auto nested = TRY(enter(from));
    assignment.array = true;
    skip();
    for (;;) {
        skip_blanks();
        if (peek() == ')') break;
        if (peek() == kEnd) return fail(from, "the array is not closed; `)` is missing");
        if (peek() == '\n' && !lines_.waiting.empty())
            return fail(from,
                        "an array goes over a line's end while a here-document waits for it; close the array first");
        if (peek() == '\n') {
            reader_.skip();
            continue;
        }
        if (!at_word()) return unexpected("an element of the array");
        assignment.elements.push_back(TRY(element()));
    }
    skip();
    if (!is_break(peek())) return unexpected("a blank after an array");
    return assignment;
}

Parsed<Assignment> Grammar::element() {
    const auto from = begin();
    Assignment out;
    if (peek() == '[' && TRY(element_index(out))) {
        out.append = peek() == '+';
        reader_.skip(out.append ? 2 : 1);
        out.value = TRY(word(kValue));
    } else {
        out.value = TRY(word(kArgument));
    }
    out.span = since(from);
    return out;
}

// [index] before a =, taken; without one the bracket is a pattern, and the reader stays before it.
Parsed<bool> Grammar::element_index(Assignment& out) {
    const auto start = reader_;
    if (!subscript_follows(reader_)) return false;
    auto found = TRY(index());
    if (at("=") || at("+=")) return out.index = std::move(found), true;
    const auto end = reader_.position();
    reader_ = start;
    // To bash the bracket is one piece of a word, blanks and all: only where that is no matter is it read again.
    const bool literal =
        std::ranges::all_of(found.parts, [](const Part& part) { return part.kind == PartKind::literal; });
    if (literal) TRY(word(kText));
    const bool same = literal && reader_.position() >= end;
    reader_ = start;
    if (!same) return unexpected("an element that is no [ with blanks or expansions in it");
    return false;
}

// Whether a subscript has to begin at `look`. bash reads a bracket to its end, blanks and all, before it knows; here
// a plain one that no = follows is a pattern (false), and any other has to be a subscript.
bool Grammar::subscript_follows(Reader look) const {
    std::size_t open = 0;
    for (;; look.skip()) {
        const int byte = look.peek();
        if (is_break(byte) || is_one_of(byte, "'\"\\$`")) return true;
        open += byte == '[' ? 1 : 0;
        open -= byte == ']' ? 1 : 0;
        if (open > 0) continue;
        look.skip();
        return look.peek() == '=' || (look.peek() == '+' && look.peek(1) == '=');
    }
}

Parsed<Word> Grammar::index() {
    const auto from = begin();
    const auto nested = TRY(enter(from));
    reader_.skip();
    const auto text = begin();
    Builder out;
    for (std::size_t open = 1;;) {
        if (peek() == kEnd) return fail(from, "the subscript is not closed; `]` is missing");
        open += peek() == '[' ? 1 : 0;
        open -= peek() == ']' ? 1 : 0;
        if (open == 0) break;
        CHECK(word_piece(out));
    }
    auto word = out.take(reader_.span(text, reader_.position()));
    skip();
    return word;
}

} // namespace owhale::policy::shell
