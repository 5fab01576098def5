// Assignments: name=value, name+=value, name[index]=value, name=(…).
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
        const auto start = reader_;
        reader_ = look;
        if (!TRY(indexed(look, false))) return reader_ = start, false;
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
        if (peek() == '\n' && !waiting_.empty())
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
    Reader look = reader_;
    if (peek() == '[' && TRY(indexed(look, true))) {
        out.index = TRY(index());
        out.append = peek() == '+';
        if (!at("=") && !at("+=")) return unexpected("`=` after a subscript");
        reader_.skip(out.append ? 2 : 1);
        out.value = TRY(word(kValue));
    } else {
        out.value = TRY(word(kArgument));
    }
    out.span = since(from);
    return out;
}

// Whether the bracket at `look` is a subscript. bash reads it to its end, blanks and all, before it knows; here a
// plain one that no = follows is a pattern (false), and any other has to be a subscript.
Parsed<bool> Grammar::indexed(Reader& look, bool bare) {
    std::size_t open = 0;
    for (;; look.skip()) {
        const int byte = look.peek();
        if (is_break(byte) || is_one_of(byte, "'\"\\$`")) break;
        open += byte == '[' ? 1 : 0;
        open -= byte == ']' ? 1 : 0;
        if (open > 0) continue;
        look.skip();
        return look.peek() == '=' || (look.peek() == '+' && look.peek(1) == '=');
    }
    // In an array a pattern with quotes inside is likelier than a subscript with them and no end.
    if (!bare) return true;
    const auto start = reader_;
    const auto subscript = index();
    const bool is_one = subscript && (at("=") || at("+="));
    reader_ = start;
    return is_one;
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
