// Lists, pipelines and what joins them.
#include <algorithm>
#include <array>

#include "policy/shell/characters.hpp"
#include "policy/shell/grammar.hpp"

namespace owhale::policy::shell {

namespace {

constexpr std::array<std::string_view, 8> kClosers{"then", "do", "done", "fi", "elif", "else", "esac", "}"};

bool is_closer(std::string_view word) {
    return std::ranges::find(kClosers, word) != kClosers.end();
}

} // namespace

Parsed<Script> Grammar::whole() {
    auto script = TRY(list());
    if (peek() != kEnd) return unexpected("a command or its end");
    CHECK(bodies());
    script.span = reader_.span(0, reader_.size());
    return script;
}

bool Grammar::at_end_of_list() {
    const int byte = peek();
    if (byte == kEnd || byte == ')') return true;
    if (byte == ';') return peek(1) == ';' || peek(1) == '&';
    return is_closer(reserved());
}

Parsed<Script> Grammar::list() {
    Script script;
    CHECK(skip_newlines());
    const auto from = begin();
    last_ = from;
    while (!at_end_of_list()) {
        script.statements.push_back(TRY(statement()));
        const bool more = TRY(separator(script.statements.back()));
        CHECK(skip_newlines());
        if (!more) break;
    }
    script.span = since(from);
    return script;
}

// ; & or a line's end after a statement; without one the list ends there.
Parsed<bool> Grammar::separator(Statement& statement) {
    skip_blanks();
    const int byte = peek();
    if (byte == '\n') return true;
    if (byte == '&' && peek(1) != '&') {
        statement.background = true;
    } else if (byte != ';' || peek(1) == ';' || peek(1) == '&') {
        return false;
    } else if (lines_.body_printed) { // bash 5.2 loses this one and runs the two commands as one
        return fail(begin(),
                    "a `;` behind a here-document inside $(…), which bash reads as a blank; end the line instead");
    }
    skip();
    return true;
}

Parsed<Statement> Grammar::statement() {
    const auto from = begin();
    Statement statement;
    statement.links.push_back({Joiner::first, TRY(pipeline())});
    for (;;) {
        skip_blanks();
        const bool both = at("&&");
        if (!both && !at("||")) break;
        skip(2);
        CHECK(skip_newlines());
        statement.links.push_back({both ? Joiner::and_if : Joiner::or_if, TRY(pipeline())});
    }
    statement.span = since(from);
    return statement;
}

Parsed<Pipeline> Grammar::pipeline() {
    const auto from = begin();
    Pipeline pipeline;
    bool prefixed = false;
    CHECK(prefix(pipeline, prefixed));
    const int byte = peek();
    if (prefixed && (byte == kEnd || byte == '\n' || (byte == ';' && peek(1) != ';' && peek(1) != '&')))
        pipeline.commands.emplace_back().span = {reader_.place(last_), reader_.place(last_)}; // `time` alone
    else
        CHECK(pipe(pipeline));
    pipeline.errors_too.resize(pipeline.commands.size());
    pipeline.span = since(from);
    return pipeline;
}

Grammar::Step Grammar::prefix(Pipeline& pipeline, bool& prefixed) {
    for (;; prefixed = true) {
        skip_blanks();
        if (peek() == '!' && peek(1) == '(') { // not a pattern: no shell takes one here by default
            skip();
            pipeline.negated = !pipeline.negated;
        } else if (take_reserved("!")) {
            pipeline.negated = !pipeline.negated;
        } else if (take_reserved("time")) {
            pipeline.timed = true;
            skip_blanks();
            if (at("-p") && is_break(peek(2))) skip(2);
            skip_blanks();
            if (at("--") && is_break(peek(2))) skip(2);
        } else {
            return {};
        }
    }
}

Grammar::Step Grammar::pipe(Pipeline& pipeline) {
    for (bool after_pipe = false;; after_pipe = true) {
        pipeline.commands.push_back(TRY(command(after_pipe)));
        skip_blanks();
        if (peek() != '|' || peek(1) == '|') return {};
        const bool both = peek(1) == '&';
        pipeline.errors_too.push_back(both);
        skip(both ? 2 : 1);
        CHECK(skip_newlines());
    }
}

Parsed<Command> Grammar::command(bool after_pipe) {
    skip_blanks();
    const auto from = begin();
    const auto word = reserved();
    if (word.empty() && peek() != '(') return simple();
    if (after_pipe && word == "time") return simple();
    auto command = TRY(compound(word));
    if (command.kind != CommandKind::function && command.kind != CommandKind::coproc) CHECK(redirects(command));
    command.span = since(from);
    return command;
}

} // namespace owhale::policy::shell
