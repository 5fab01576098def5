// Quotes: '…', "…", $'…' and the backslash, decoded.
#include <array>

#include "policy/shell/ansi.hpp"
#include "policy/shell/characters.hpp"
#include "policy/shell/grammar.hpp"

namespace owhale::policy::shell {

Grammar::Step Grammar::escape(Builder& out) {
    const auto from = begin();
    const int byte = reader_.raw(1);
    reader_.skip_raw(2);
    out.literal(static_cast<char>(byte), true, reader_.span(from, from + 2));
    return {};
}

Grammar::Step Grammar::single_quotes(Builder& out) {
    const auto from = begin();
    reader_.skip_raw();
    const auto text = reader_.position();
    while (reader_.raw() != '\'') {
        if (reader_.raw() == kEnd) return fail(from, "the quote ' is not closed; another ' is missing");
        reader_.skip_raw();
    }
    const auto end = reader_.position();
    reader_.skip_raw();
    out.quoted(reader_.text(text, end), reader_.span(from, end + 1));
    return {};
}

Grammar::Step Grammar::double_quotes(Builder& out) {
    const auto from = begin();
    const auto nested = TRY(enter(from));
    reader_.skip();
    out.quoted({}, reader_.span(from, from + 1));
    while (peek() != '"') {
        if (peek() == kEnd) return fail(from, "the quote \" is not closed; another \" is missing");
        CHECK(quoted_piece(out, kInQuotes));
    }
    const auto end = begin();
    reader_.skip();
    out.quoted({}, reader_.span(end, end + 1));
    return {};
}

Grammar::Step Grammar::quoted_piece(Builder& out, std::string_view escapes) {
    const auto from = begin();
    const int byte = peek();
    if (byte == '$') return dollar(out, true);
    if (byte == '`') {
        // In "…" itself a \" there is a quote; in a here-document and in "${…}" shells do not agree.
        out.add(TRY(backquotes(true, escapes == kInQuotes ? "$`\\\"" : "$`\\", escapes == kInQuotes ? "" : "\"")));
        return {};
    }
    if (byte == '\\' && is_one_of(reader_.raw(1), escapes)) return escape(out);
    reader_.skip();
    out.literal(static_cast<char>(byte), true, reader_.span(from, from + 1));
    return {};
}

// bash keeps these quotes as text, yet does not end the expansion inside them; other shells do. Where the two
// readings part, nothing is guessed.
Grammar::Step Grammar::kept_quotes(Builder& out) {
    const auto from = begin();
    auto take = [&] {
        const auto here = begin();
        out.literal(static_cast<char>(peek()), true, reader_.span(here, here + 1));
        reader_.skip();
    };
    take();
    while (peek() != '\'') {
        if (is_one_of(peek(), "}\"`\\()") || peek() == kEnd)
            return fail(from,
                        "a ' here is text to one shell and a quote to another; write \\' outside of \"…\" or drop it");
        if (peek() == '$') {
            CHECK(dollar(out, true));
        } else {
            take();
        }
    }
    take();
    return {};
}

Grammar::Step Grammar::ansi_quotes(Builder& out) {
    const auto from = begin();
    reader_.skip(2);
    const auto text = reader_.position();
    while (reader_.raw() != '\'') {
        if (reader_.raw() == '\\') reader_.skip_raw();
        if (reader_.raw() == kEnd) return fail(from, "the quote $' is not closed; a ' is missing");
        reader_.skip_raw();
    }
    const auto end = reader_.position();
    reader_.skip_raw();
    out.quoted(decode_ansi(reader_.text(text, end)), reader_.span(from, end + 1));
    return {};
}

} // namespace owhale::policy::shell
