// for, select and case.
#include "policy/shell/characters.hpp"
#include "policy/shell/grammar.hpp"

namespace owhale::policy::shell {

Parsed<Command> Grammar::for_loop() {
    Reader look = reader_;
    look.skip(3);
    while (is_blank(look.peek())) look.skip();
    if (look.peek() == '(' && look.peek(1) == '(') return arith_for(begin());
    return each_loop(CommandKind::for_loop, "for");
}

Parsed<Command> Grammar::select_loop() {
    return each_loop(CommandKind::select_loop, "select");
}

Parsed<Command> Grammar::each_loop(CommandKind kind, std::string_view word) {
    const auto from = begin();
    Command command;
    command.kind = kind;
    take_reserved(word);
    skip_blanks();
    if (!at_word()) return unexpected("the name of a variable");
    const auto name = TRY(this->word(kText));
    const auto* text = plain_text(name);
    if (!text) return fail(from, "the variable of a loop is a plain name");
    command.name = *text;
    CHECK(loop_words(command));
    CHECK(loop_body(command, from, word));
    command.span = since(from);
    return command;
}

// `in …`, `;` or nothing, up to the body.
Grammar::Step Grammar::loop_words(Command& command) {
    skip_blanks();
    if (peek() == ';') {
        skip();
        return skip_newlines();
    }
    CHECK(skip_newlines());
    if (!take_reserved("in")) return {};
    command.listed = true;
    for (skip_blanks(); at_word(); skip_blanks()) command.words.push_back(TRY(word(Style{})));
    if (peek() != ';' && peek() != '\n') return unexpected("`;` before the loop's `do`");
    if (peek() == ';') skip();
    return skip_newlines();
}

Grammar::Step Grammar::loop_body(Command& command, std::size_t begin, std::string_view word) {
    const auto construct = "the `" + std::string(word) + "`";
    const bool braces = take_reserved("{");
    if (!braces) CHECK(expect_reserved("do", begin, construct));
    command.bodies.push_back(TRY(body(begin, construct)));
    return expect_reserved(braces ? "}" : "done", begin, construct);
}

Parsed<Command> Grammar::arith_for(std::size_t begin) {
    Command command;
    command.kind = CommandKind::arith_for;
    take_reserved("for");
    skip_blanks();
    reader_.skip(2);
    auto head = TRY(arithmetic(begin, ')'));
    if (semicolons_ != 2) return fail(begin, "`for ((` has three expressions with `;` between; each may be empty");
    command.text = std::move(head.text);
    command.words = std::move(head.words);
    skip_blanks();
    if (peek() == ';') skip();
    CHECK(skip_newlines());
    CHECK(loop_body(command, begin, "for"));
    command.span = since(begin);
    return command;
}

Parsed<Command> Grammar::case_clause() {
    const auto from = begin();
    Command command;
    command.kind = CommandKind::case_clause;
    take_reserved("case");
    skip_blanks();
    if (!at_word()) return unexpected("the word of a `case`");
    command.words.push_back(TRY(word(kText)));
    CHECK(skip_newlines());
    CHECK(expect_reserved("in", from, "the `case`"));
    CHECK(skip_newlines());
    for (bool last = false; !last && peek() != kEnd && reserved() != "esac";) {
        command.arms.push_back(TRY(case_arm(last)));
        CHECK(skip_newlines());
    }
    CHECK(expect_reserved("esac", from, "the `case`"));
    command.span = since(from);
    return command;
}

// pattern | pattern) commands ;; — `last` when no terminator follows.
Parsed<CaseArm> Grammar::case_arm(bool& last) {
    const auto from = begin();
    CaseArm arm;
    if (peek() == '(') skip();
    for (;;) {
        skip_blanks();
        if (!at_word()) return unexpected("a pattern of a `case`");
        arm.patterns.push_back(TRY(word(kOperand)));
        skip_blanks();
        if (peek() != '|') break;
        skip();
    }
    if (peek() != ')') return unexpected("`)` after a pattern");
    skip();
    arm.body = std::make_unique<Script>(TRY(list()));
    for (const std::string_view end : {";;&", ";;", ";&"}) {
        if (!arm.terminator.empty() || !at(end)) continue;
        arm.terminator = end;
        skip(end.size());
    }
    last = arm.terminator.empty();
    arm.span = since(from);
    return arm;
}

} // namespace owhale::policy::shell
