// What a $ or a backquote begins, and the commands inside.
#include "policy/shell/characters.hpp"
#include "policy/shell/grammar.hpp"

namespace owhale::policy::shell {

namespace {

// Puts the lines around a substitution aside, for theirs end outside of it.
class Outside {
public:
    explicit Outside(Lines& lines) : lines_(lines), outer_(std::exchange(lines, Lines{.printed = true})) {}
    ~Outside() { lines_ = std::move(outer_); }
    Outside(const Outside&) = delete;
    Outside& operator=(const Outside&) = delete;

private:
    Lines& lines_;
    Lines outer_;
};

} // namespace

Grammar::Step Grammar::dollar(Builder& out, bool quoted) {
    const auto from = begin();
    const int next = peek(1);
    if (next == '(') return out.add(TRY(dollar_parens(quoted))), Step{};
    if (next == '{') return out.add(TRY(braced(quoted))), Step{};
    if (next == '[') return out.add(TRY(old_arithmetic(quoted))), Step{};
    if (is_name(next) || is_special_parameter(next)) return out.add(TRY(parameter(quoted))), Step{};
    if (!quoted && next == '\'') return ansi_quotes(out);
    reader_.skip();
    if (!quoted && next == '"') return double_quotes(out); // a translated string: its text, as far as can be known
    out.literal('$', quoted, reader_.span(from, from + 1));
    return {};
}

// $(…), <(…), >(…): the two bytes before the commands are at the reader.
Parsed<Part> Grammar::substitution(PartKind kind, bool quoted) {
    const auto from = begin();
    const auto nested = TRY(enter(from));
    reader_.skip(2);
    const Outside outside(lines_);
    Part part;
    part.kind = kind;
    part.quoted = quoted;
    part.script = std::make_unique<Script>(TRY(list()));
    if (peek() == kEnd)
        return fail(from, "`" + std::string(reader_.text(from, from + 1)) + "(` is not closed; `)` is missing");
    if (peek() != ')') return unexpected("`)`");
    if (!lines_.waiting.empty())
        return fail(from, "a here-document begins inside (…) and its text stands outside; put `)` after its end, on a "
                          "line of its own");
    skip();
    part.span = since(from);
    return part;
}

// A backslash in backquotes quotes $ ` and \ (and " inside "…"); what is left is a script of its own.
Parsed<Part> Grammar::backquotes(bool quoted, std::string_view escapes, std::string_view unclear) {
    const auto from = begin();
    const auto nested = TRY(enter(from));
    reader_.skip();
    std::string text;
    std::vector<std::uint32_t> origin;
    const auto take = [&] {
        text += static_cast<char>(reader_.raw());
        origin.push_back(reader_.place(reader_.position()));
        reader_.skip_raw();
    };
    while (reader_.raw() != '`') {
        if (reader_.raw() == kEnd) return fail(from, "the backquote ` is not closed; another ` is missing");
        if (reader_.raw() == '\\' && is_one_of(reader_.raw(1), unclear))
            return fail(from,
                        "a \\\" in backquotes means one thing to bash here and another to dash; write $(…) instead");
        if (reader_.raw() == '\\' && is_one_of(reader_.raw(1), escapes))
            reader_.skip_raw();
        else if (reader_.raw() == '\\' && reader_.raw(1) != kEnd)
            take();
        take();
    }
    origin.push_back(reader_.place(reader_.position()));
    skip();
    Part part;
    part.kind = PartKind::command;
    part.quoted = quoted;
    part.span = since(from);
    part.script = std::make_unique<Script>(TRY(Grammar(Reader(text, origin), shared_).whole()));
    return part;
}

} // namespace owhale::policy::shell
