// Simple commands: assignments, words and redirections in any order, and the function definitions that look alike.
#include <algorithm>
#include <array>

#include "policy/shell/characters.hpp"
#include "policy/shell/grammar.hpp"

namespace owhale::policy::shell {

namespace {

// Their arguments may be assignments (bash(1), "declaration commands").
constexpr std::array<std::string_view, 5> kDeclarations{"declare", "typeset", "local", "export", "readonly"};

bool declares(const Command& command) {
    const auto* name = command.words.empty() ? nullptr : plain_text(command.words[0]);
    return name && std::ranges::find(kDeclarations, *name) != kDeclarations.end();
}

} // namespace

bool Grammar::at_word() {
    return !is_break(peek()) || at_process();
}

Parsed<Command> Grammar::simple() {
    const auto from = begin();
    if (++shared_.commands > shared_.bounds.commands)
        return too_big(from, "the script has more than " + std::to_string(shared_.bounds.commands) +
                                 " simple commands; run it in parts");
    Command command;
    Redirects redirects;
    while (TRY(simple_piece(command, redirects)))
        if (TRY(is_function(command, redirects))) return function(from, std::move(command.words[0].parts[0].text));
    if (command.words.empty() && command.assignments.empty() && redirects.list.empty()) return unexpected("a command");
    settle(std::move(redirects), command);
    command.span = since(from);
    return command;
}

Parsed<bool> Grammar::simple_piece(Command& command, Redirects& redirects) {
    skip_blanks();
    if (TRY(redirect(redirects))) return true;
    if (!at_word()) return false;
    const bool declared = declares(command);
    if ((command.words.empty() || declared) && TRY(assignment(command, declared))) {
        if (command.assignments.back().array && !redirects.delimiters.empty())
            return fail(redirects.delimiters.back().second.span.begin,
                        "a here-document before an array in one command; move it behind");
        return true;
    }
    command.words.push_back(TRY(word(declared ? kDeclared : kArgument)));
    return true;
}

// name() after the first word; its parentheses are then behind the reader.
Parsed<bool> Grammar::is_function(const Command& command, const Redirects& redirects) {
    if (command.words.size() != 1 || !command.assignments.empty() || !redirects.list.empty()) return false;
    skip_blanks();
    if (peek() != '(') return false;
    if (!plain_text(command.words[0])) return unexpected("the end of the command, for a function's name is plain text");
    skip();
    skip_blanks();
    if (peek() != ')') return unexpected("`)`, to define a function,");
    skip();
    return true;
}

} // namespace owhale::policy::shell
