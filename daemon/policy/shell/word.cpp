// Words: runs of literals, quotes, expansions and patterns up to a blank or an operator.
#include "policy/shell/characters.hpp"
#include "policy/shell/grammar.hpp"

namespace owhale::policy::shell {

bool Grammar::at_process() const {
    const int byte = peek(0);
    return (byte == '<' || byte == '>') && peek(1) == '(';
}

Parsed<Word> Grammar::word(Style style) {
    const auto from = begin();
    Builder out;
    while (!is_break(peek()) || at_process()) {
        if (style.globs && TRY(pattern_piece(out))) continue;
        CHECK(word_piece(out));
    }
    last_ = reader_.position();
    auto word = out.take(since(from));
    finish(word, style, shared_.braces);
    return word;
}

Grammar::Step Grammar::word_piece(Builder& out) {
    const auto from = begin();
    const int byte = peek();
    switch (byte) {
    case '\\':
        return escape(out);
    case '\'':
        return single_quotes(out);
    case '"':
        return double_quotes(out);
    case '$':
        return dollar(out, false);
    case '`':
        out.add(TRY(backquotes(false)));
        return {};
    case '<':
    case '>':
        if (!at_process()) break;
        out.add(TRY(substitution(byte == '<' ? PartKind::process_in : PartKind::process_out, false)));
        return {};
    }
    reader_.skip();
    out.literal(static_cast<char>(byte), false, reader_.span(from, from + 1));
    return {};
}

Parsed<bool> Grammar::pattern_piece(Builder& out) {
    const int byte = peek();
    if (is_one_of(byte, "?*+@!") && peek(1) == '(') {
        CHECK(extglob(out));
        return true;
    }
    if (byte != '*' && byte != '?') return false;
    const auto from = begin();
    reader_.skip();
    out.pattern(byte == '*' ? "*" : "?", reader_.span(from, from + 1));
    return true;
}

// @(a|b) and its kin, up to the parenthesis that closes it; the expansions inside are kept.
Grammar::Step Grammar::extglob(Builder& out) {
    const auto from = begin();
    const auto nested = TRY(enter(from));
    reader_.skip(2);
    Builder inner;
    for (std::size_t open = 1; open > 0;) {
        const int byte = peek();
        if (byte == kEnd || byte == '\n')
            return fail(from, "the pattern `" + std::string(1, static_cast<char>(reader_.text(from, from + 1)[0])) +
                                  "(` is not closed; `)` is missing");
        open += byte == '(' ? 1 : 0;
        open -= byte == ')' ? 1 : 0;
        if (byte == '(' || byte == ')') {
            reader_.skip();
        } else {
            CHECK(word_piece(inner));
        }
    }
    Part part;
    part.kind = PartKind::glob;
    part.span = reader_.span(from, reader_.position());
    part.text = reader_.text(from, reader_.position());
    part.words = expansions(inner.take({}));
    out.add(std::move(part));
    return {};
}

} // namespace owhale::policy::shell
