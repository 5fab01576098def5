// Compound commands that hold lists: subshells, groups, if, while, until.
#include <array>

#include "policy/shell/characters.hpp"
#include "policy/shell/grammar.hpp"

namespace owhale::policy::shell {

Parsed<Command> Grammar::compound(std::string_view word) {
    struct Row {
        std::string_view word;
        Parsed<Command> (Grammar::*parse)();
    };
    static constexpr std::array<Row, 11> kRows{{
        {"", &Grammar::parens},
        {"{", &Grammar::group},
        {"if", &Grammar::if_clause},
        {"while", &Grammar::while_loop},
        {"until", &Grammar::until_loop},
        {"for", &Grammar::for_loop},
        {"select", &Grammar::select_loop},
        {"case", &Grammar::case_clause},
        {"[[", &Grammar::test},
        {"function", &Grammar::function_keyword},
        {"coproc", &Grammar::coproc},
    }};
    const auto nested = TRY(enter(begin()));
    for (const auto& row : kRows)
        if (row.word == word && (!word.empty() || peek() == '(')) return (this->*row.parse)();
    return unexpected("a command");
}

// A list that may not be empty.
Parsed<Script> Grammar::body(std::size_t begin, std::string_view construct) {
    auto script = TRY(list());
    if (!script.statements.empty()) return script;
    if (peek() == kEnd) return fail(begin, std::string(construct) + " is not ended");
    return unexpected("a command");
}

Parsed<Command> Grammar::subshell() {
    const auto from = begin();
    skip();
    Command command;
    command.kind = CommandKind::subshell;
    command.bodies.push_back(TRY(body(from, "the subshell")));
    if (peek() == kEnd) return fail(from, "the subshell is not ended; `)` is missing");
    if (peek() != ')') return unexpected("`)`");
    skip();
    command.span = since(from);
    return command;
}

Parsed<Command> Grammar::group() {
    const auto from = begin();
    take_reserved("{");
    Command command;
    command.kind = CommandKind::group;
    command.bodies.push_back(TRY(body(from, "the group")));
    CHECK(expect_reserved("}", from, "the group"));
    command.span = since(from);
    return command;
}

Parsed<Command> Grammar::if_clause() {
    const auto from = begin();
    Command command;
    command.kind = CommandKind::if_clause;
    skip(2);
    do {
        command.bodies.push_back(TRY(body(from, "the `if`")));
        CHECK(expect_reserved("then", from, "the `if`"));
        command.bodies.push_back(TRY(body(from, "the `if`")));
    } while (take_reserved("elif"));
    if (take_reserved("else")) command.bodies.push_back(TRY(body(from, "the `if`")));
    CHECK(expect_reserved("fi", from, "the `if`"));
    command.span = since(from);
    return command;
}

Parsed<Command> Grammar::while_loop() {
    return loop(CommandKind::while_loop, "while");
}

Parsed<Command> Grammar::until_loop() {
    return loop(CommandKind::until_loop, "until");
}

Parsed<Command> Grammar::loop(CommandKind kind, std::string_view word) {
    const auto from = begin();
    const auto construct = "the `" + std::string(word) + "`";
    Command command;
    command.kind = kind;
    take_reserved(word);
    command.bodies.push_back(TRY(body(from, construct)));
    CHECK(expect_reserved("do", from, construct));
    command.bodies.push_back(TRY(body(from, construct)));
    CHECK(expect_reserved("done", from, construct));
    command.span = since(from);
    return command;
}

} // namespace owhale::policy::shell
