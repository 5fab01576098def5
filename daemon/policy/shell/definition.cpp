// Commands that hold one command: function definitions and coprocesses.
#include "policy/shell/characters.hpp"
#include "policy/shell/grammar.hpp"

namespace owhale::policy::shell {

Script Grammar::one_command(Command command) const {
    Script script;
    script.span = command.span;
    Statement statement;
    statement.span = command.span;
    Link link;
    link.pipeline.span = command.span;
    link.pipeline.errors_too.push_back(false);
    link.pipeline.commands.push_back(std::move(command));
    statement.links.push_back(std::move(link));
    script.statements.push_back(std::move(statement));
    return script;
}

Parsed<Command> Grammar::function_keyword() {
    const auto from = begin();
    take_reserved("function");
    skip_blanks();
    if (!at_word()) return unexpected("the name of a function");
    const auto name = TRY(word(kText));
    const auto* text = plain_text(name);
    if (!text) return fail(from, "a function's name is plain text, without quotes and expansions");
    skip_blanks();
    // Parentheses with something between them are the body: function f (echo in a subshell)
    if (std::size_t end = 1; peek() == '(') {
        while (peek(end) == ' ' || peek(end) == '\t') ++end;
        if (peek(end) == ')') skip(end + 1);
    }
    return function(from, *text);
}

Parsed<Command> Grammar::function(std::size_t begin, std::string name) {
    const auto nested = TRY(enter(begin));
    Command command;
    command.kind = CommandKind::function;
    command.name = std::move(name);
    CHECK(skip_newlines());
    const auto word = reserved();
    const bool is_body = peek() == '(' || (!word.empty() && word != "function" && word != "coproc");
    if (!is_body) return unexpected("the body of a function, a compound command such as { …; },");
    auto body = TRY(this->command(false));
    command.bodies.push_back(one_command(std::move(body)));
    command.span = since(begin);
    return command;
}

Parsed<Command> Grammar::coproc() {
    const auto from = begin();
    take_reserved("coproc");
    skip_blanks();
    Command command;
    command.kind = CommandKind::coproc;
    command.name = coproc_name();
    auto body = TRY(this->command(true)); // as behind a pipe, `time` is a program here
    if (body.kind == CommandKind::function || body.kind == CommandKind::coproc)
        return fail(from, "a coprocess is a simple or a compound command");
    const auto* second = command.name.empty() && body.words.size() > 1 ? plain_text(body.words[1]) : nullptr;
    if (second && is_reserved(*second) && body.kind == CommandKind::simple)
        return fail(from, "the second word of a coprocess begins a compound command; quote it if it is meant as text");
    command.bodies.push_back(one_command(std::move(body)));
    command.span = since(from);
    return command;
}

// The name of a coprocess, taken: a word is one only when a compound command follows it.
std::string Grammar::coproc_name() {
    if (!reserved().empty()) return {};
    const auto start = reader_;
    std::string name;
    for (; is_name(peek()); reader_.skip()) name += static_cast<char>(peek());
    const bool blank = is_blank(peek());
    skip_blanks();
    if (!name.empty() && blank && (peek() == '(' || !reserved().empty())) return name;
    reader_ = start;
    return {};
}

} // namespace owhale::policy::shell
