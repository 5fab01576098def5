// [[ … ]]: its operands and operators, in order.
#include <algorithm>
#include <array>

#include "policy/shell/characters.hpp"
#include "policy/shell/grammar.hpp"

namespace owhale::policy::shell {

namespace {

constexpr std::string_view kUnary = "abcdefghknoprstuvwxzGLNORS";
constexpr std::array<std::string_view, 13> kBinary{"==",  "!=",  "=~",  "=",   "-nt", "-ot", "-ef",
                                                   "-eq", "-ne", "-lt", "-le", "-gt", "-ge"};

bool is_unary(const Word& word) {
    const auto* text = plain_text(word);
    return text && text->size() == 2 && text->front() == '-' && is_one_of(text->back(), kUnary);
}

} // namespace

Parsed<Command> Grammar::test() {
    const auto from = begin();
    Command command;
    command.kind = CommandKind::test;
    skip(2);
    CHECK(test_or(command, from));
    CHECK(test_space(from));
    if (reserved() != "]]") return unexpected("`]]` or an operator of [[ … ]]");
    skip(2);
    command.span = since(from);
    return command;
}

Grammar::Step Grammar::test_space(std::size_t begin) {
    CHECK(skip_newlines());
    if (peek() == kEnd) return fail(begin, "the `[[` is not ended; `]]` is missing");
    return {};
}

// Takes an operator made of operator bytes, if it is next, as a word.
bool Grammar::test_token(Command& command, std::string_view token) {
    if (!at(token)) return false;
    const auto from = begin();
    skip(token.size());
    command.words.push_back(word_of(token, since(from)));
    return true;
}

Grammar::Step Grammar::test_or(Command& command, std::size_t begin) {
    do {
        CHECK(test_and(command, begin));
        CHECK(test_space(begin));
    } while (test_token(command, "||"));
    return {};
}

Grammar::Step Grammar::test_and(Command& command, std::size_t begin) {
    do {
        CHECK(test_term(command, begin));
        CHECK(test_space(begin));
    } while (test_token(command, "&&"));
    return {};
}

Grammar::Step Grammar::test_term(Command& command, std::size_t begin) {
    for (;;) {
        CHECK(test_space(begin));
        if (reserved() != "!") break;
        test_token(command, "!");
    }
    if (!test_token(command, "(")) return test_binary(command, begin);
    const auto nested = TRY(enter(begin));
    CHECK(test_or(command, begin));
    if (!test_token(command, ")")) return unexpected("`)`");
    return {};
}

// -f x, x == y, x.
Grammar::Step Grammar::test_binary(Command& command, std::size_t begin) {
    CHECK(test_operand(command, begin));
    skip_blanks();
    const bool ends = reserved() == "]]" || at("&&") || at("||") || peek() == ')';
    if (is_unary(command.words.back())) return test_operand(command, begin);
    if (ends) return {};
    if (!at_process() && (test_token(command, "<") || test_token(command, ">"))) return test_operand(command, begin);
    const auto op = test_operator();
    if (op.empty()) return unexpected("an operator of [[ … ]]");
    test_token(command, op);
    if (op != "=~") return test_operand(command, begin);
    skip_blanks();
    command.words.push_back(TRY(regex()));
    return {};
}

// A binary operator that stands as a word of its own.
std::string_view Grammar::test_operator() {
    for (const auto op : kBinary)
        if (at(op) && is_break(peek(op.size()))) return op;
    return {};
}

Grammar::Step Grammar::test_operand(Command& command, std::size_t begin) {
    skip_blanks();
    if (peek() == kEnd) return fail(begin, "the `[[` is not ended; `]]` is missing");
    if (!at_word() || reserved() == "]]") return unexpected("an operand of [[ … ]]");
    command.words.push_back(TRY(word(kOperand)));
    return {};
}

// The right side of =~: blanks and operators count only outside its parentheses.
Parsed<Word> Grammar::regex() {
    const auto from = begin();
    Builder out;
    for (std::size_t open = 0; open > 0 || !is_break(peek()) || is_one_of(peek(), "(|");) {
        if (peek() == kEnd) return fail(from, "a parenthesis of the pattern after =~ is not closed");
        open += peek() == '(' ? 1 : 0;
        open -= peek() == ')' ? 1 : 0;
        CHECK(word_piece(out));
    }
    last_ = reader_.position();
    if (reader_.position() == from) return unexpected("the pattern after =~");
    return out.take(since(from));
}

} // namespace owhale::policy::shell
