// Redirections: anywhere in a simple command, and behind a compound one.
#include <array>

#include "policy/shell/characters.hpp"
#include "policy/shell/grammar.hpp"

namespace owhale::policy::shell {

namespace {

struct OperatorRow {
    std::string_view text; // longest first where one begins another
    RedirectOp op;
};
constexpr std::array<OperatorRow, 12> kOperators{{
    {"&>>", RedirectOp::both_append},
    {"&>", RedirectOp::both},
    {"<<<", RedirectOp::herestring},
    {"<<-", RedirectOp::heredoc},
    {"<<", RedirectOp::heredoc},
    {"<&", RedirectOp::dup_in},
    {"<>", RedirectOp::in_out},
    {"<", RedirectOp::in},
    {">>", RedirectOp::append},
    {">&", RedirectOp::dup_out},
    {">|", RedirectOp::clobber},
    {">", RedirectOp::out},
}};

bool points(int byte) {
    return byte == '<' || byte == '>';
}

} // namespace

// A number or {name} directly before the operator, taken; whether an operator stands at the reader.
Parsed<bool> Grammar::redirect_prefix(Redirect& redirect) {
    if (points(peek())) return !at_process();
    if (peek() == '&') return peek(1) == '>';
    Reader look = reader_;
    std::string text;
    const bool named = peek() == '{';
    if (named) look.skip();
    const auto belongs = [&](int byte) { return named ? is_name(byte) || byte == '[' || byte == ']' : is_digit(byte); };
    for (; belongs(look.peek()); look.skip()) text += static_cast<char>(look.peek());
    if (text.empty() || (named && (look.peek() != '}' || !is_name_start(text.front())))) return false;
    if (named) look.skip();
    if (!points(look.peek()) || look.peek(1) == '(') return false;
    if (!named && text.size() > 9) return fail(begin(), "no file descriptor has a number of so many digits");
    if (named)
        redirect.variable = std::move(text);
    else
        redirect.fd = static_cast<std::uint32_t>(std::stoul(text));
    reader_ = look;
    return true;
}

// One redirection at the reader, into `out`; false when there is none.
Parsed<bool> Grammar::redirect(Redirects& out) {
    const auto from = begin();
    Redirect redirect;
    if (!TRY(redirect_prefix(redirect))) return false;
    CHECK(redirect_operator(redirect, out, from));
    redirect.span = since(from);
    out.list.push_back(std::move(redirect));
    return true;
}

Grammar::Step Grammar::redirect_operator(Redirect& redirect, Redirects& out, std::size_t begin) {
    std::string_view text;
    for (const auto& row : kOperators) {
        if (!at(row.text)) continue;
        text = row.text;
        redirect.op = row.op;
        break;
    }
    skip(text.size());
    skip_blanks();
    if (!at_word()) return unexpected("the target of a redirection");
    if (redirect.op == RedirectOp::heredoc) {
        out.delimiters.emplace_back(out.list.size(), TRY(delimiter(text == "<<-", begin)));
        return {};
    }
    const bool dup = redirect.op == RedirectOp::dup_in || redirect.op == RedirectOp::dup_out;
    Redirect next;
    const auto start = reader_;
    if (!dup && TRY(redirect_prefix(next))) return unexpected("the target of a redirection");
    reader_ = start;
    redirect.target = TRY(word(redirect.op == RedirectOp::herestring ? kText : Style{}));
    return {};
}

Grammar::Step Grammar::redirects(Command& command) {
    Redirects redirects;
    do {
        skip_blanks();
    } while (TRY(redirect(redirects)));
    settle(std::move(redirects), command);
    return {};
}

// The list is whole now and its elements stay where they are: the bodies can find them.
void Grammar::settle(Redirects&& redirects, Command& command) {
    command.redirects = std::move(redirects.list);
    for (auto& [index, delimiter] : redirects.delimiters)
        lines_.waiting.push_back({&command.redirects[index], std::move(delimiter)});
}

} // namespace owhale::policy::shell
