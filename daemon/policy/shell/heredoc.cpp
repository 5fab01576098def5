// Here-documents: the delimiter on the line, the body behind it.
#include "policy/shell/characters.hpp"
#include "policy/shell/grammar.hpp"

namespace owhale::policy::shell {

namespace {

// Whether a line goes on in the next one: an odd number of backslashes before its end.
bool goes_on(std::string_view line) {
    std::size_t count = 0;
    while (count < line.size() && line[line.size() - 1 - count] == '\\') ++count;
    return count % 2 == 1;
}

} // namespace

// The word after <<: quotes are taken off, and nothing is expanded in it.
Parsed<Delimiter> Grammar::delimiter(bool tabs, std::size_t begin) {
    Delimiter out;
    out.tabs = tabs;
    while (!is_break(peek())) CHECK(delimiter_piece(out));
    last_ = reader_.position();
    out.span = since(begin);
    if (out.text.contains('\n'))
        return fail(begin, "no line can be the delimiter of this here-document; leave out the line's end");
    return out;
}

Grammar::Step Grammar::delimiter_piece(Delimiter& out) {
    const auto from = begin();
    const int byte = peek();
    Builder quoted;
    if (byte == '`' || (byte == '$' && (is_name(peek(1)) || is_one_of(peek(1), "({['\"@*#?-$!"))))
        return fail(from, "the delimiter of a here-document looks like an expansion, and is none; quote it");
    if (byte != '\\' && byte != '\'' && byte != '"') {
        out.text += static_cast<char>(byte);
        reader_.skip();
        return {};
    }
    out.quoted = true;
    CHECK(word_piece(quoted));
    const auto word = quoted.take({});
    if (word.parts.empty()) return {};
    if (word.parts.size() > 1 || word.parts[0].kind != PartKind::literal)
        return fail(from, "the delimiter of a here-document looks like an expansion, and is none; put it in '…'");
    out.text += word.parts[0].text;
    return {};
}

// Behind a line's end: the bodies that waited for it, in their order.
Grammar::Step Grammar::bodies() {
    lines_.body_printed |= lines_.printed && !lines_.waiting.empty();
    for (auto& [redirect, delimiter] : std::exchange(lines_.waiting, {})) redirect->target = TRY(heredoc(delimiter));
    return {};
}

Parsed<Word> Grammar::heredoc(const Delimiter& delimiter) {
    const auto [begin, end] = TRY(heredoc_range(delimiter));
    if (!delimiter.tabs) return heredoc_word(delimiter, reader_.slice(begin, end));
    std::string text;
    std::vector<std::uint32_t> origin;
    bool line_starts = true;
    for (auto i = begin; i < end; ++i) {
        const char byte = reader_.text(i, i + 1)[0];
        if (line_starts && byte == '\t') continue;
        const bool joined = !delimiter.quoted && byte == '\n' && goes_on(text);
        line_starts = byte == '\n' && !joined;
        text += byte;
        origin.push_back(reader_.place(i));
    }
    origin.push_back(reader_.place(end));
    return heredoc_word(delimiter, Reader(text, origin));
}

// From the reader to the line that is the delimiter; the reader is then behind that line.
Parsed<std::pair<std::size_t, std::size_t>> Grammar::heredoc_range(const Delimiter& delimiter) {
    const auto from = reader_.position();
    while (reader_.raw() != kEnd) {
        const auto start = reader_.position();
        std::string line;
        std::size_t joined = 0;
        for (;; ++joined) {
            const auto rest = reader_.text(reader_.position(), reader_.size());
            const auto size = std::min(rest.find('\n'), rest.size());
            reader_.skip_raw(std::min(size + 1, rest.size()));
            line += rest.substr(0, size);
            if (delimiter.quoted || size == rest.size() || !goes_on(rest.substr(0, size))) break;
            line.pop_back();
        }
        if (delimiter.tabs) line.erase(0, std::min(line.find_first_not_of('\t'), line.size()));
        if (line != delimiter.text) continue;
        if (joined > 0)
            return std::unexpected(SyntaxError{
                delimiter.span,
                "the end of this here-document is broken over lines, which not every shell sees; write it in one",
                false});
        return std::pair{from, start};
    }
    return std::unexpected(
        SyntaxError{delimiter.span,
                    "a here-document without its end `" + delimiter.text + "`; put it on a line of its own", false});
}

Parsed<Word> Grammar::heredoc_word(const Delimiter& delimiter, const Reader& body) {
    if (!delimiter.quoted) return Grammar(body, shared_).body_of_heredoc();
    Word word;
    word.span = body.span(0, body.size());
    if (body.size() > 0) word.parts.push_back(literal_of(body.text(0, body.size()), true, word.span));
    return word;
}

Parsed<Word> Grammar::body_of_heredoc() {
    const auto nested = TRY(enter(0));
    Builder out;
    while (peek() != kEnd) CHECK(quoted_piece(out, "$`\\"));
    return out.take(reader_.span(0, reader_.size()));
}

} // namespace owhale::policy::shell
