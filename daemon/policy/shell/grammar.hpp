// The recursive-descent parser behind parse(): one method a construct, one file a kind of construct.
//
// It reads characters, not tokens, for what a byte means in a shell depends on where it stands. A Grammar reads one
// text; backquotes and here-documents have one of their own, which shares the counters with the one around it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "policy/shell/ast.hpp"
#include "policy/shell/builder.hpp"
#include "policy/shell/finish.hpp"
#include "policy/shell/parser.hpp"
#include "policy/shell/reader.hpp"
#include "shared/error.hpp"

namespace owhale::policy::shell {

struct Shared { // by all the grammars of one parse
    Shared(const Bounds& limits, std::size_t bytes) : bounds(limits), braces(bytes), reread_limit(8 * bytes + 4096) {}

    const Bounds& bounds;
    std::size_t depth = 0;
    std::size_t commands = 0;
    BraceBudget braces;
    std::size_t reread = 0;                      // bytes read twice, for a (( that was no arithmetic
    std::size_t reread_limit;                    // keeps that linear
    std::unordered_set<std::uint32_t> subshells; // places of such a ((
};

class Nest { // one level of depth, for as long as it lives
public:
    explicit Nest(std::size_t& depth) : depth_(&depth) { ++depth; }
    Nest(Nest&& other) noexcept : depth_(std::exchange(other.depth_, nullptr)) {}
    Nest& operator=(Nest&&) = delete;
    ~Nest() {
        if (depth_) --*depth_;
    }

private:
    std::size_t* depth_;
};

struct Delimiter { // of a here-document
    std::string text;
    bool quoted = false, tabs = false; // tabs: <<-
    Span span;                         // of the operator and the delimiter
};

struct Redirects { // of one command, with the delimiters of its here-documents: (index, delimiter)
    std::vector<Redirect> list;
    std::vector<std::pair<std::size_t, Delimiter>> delimiters;
};

struct Lines {       // of one substitution, or of the script
    struct Waiting { // a here-document whose line has not ended
        Redirect* redirect;
        Delimiter delimiter;
    };
    std::vector<Waiting> waiting;
    bool printed = false;      // within $(…) or <(…), of which bash prints the tree and parses it again
    bool body_printed = false; // and a here-document's text stood there
};

constexpr std::string_view kInQuotes = "$`\"\\"; // what a backslash quotes in "…"

bool is_reserved(std::string_view word);

class Grammar {
public:
    Grammar(Reader reader, Shared& shared) : reader_(reader), shared_(shared) {}
    Parsed<Script> whole(); // up to the end of the text
    Parsed<Word> body_of_heredoc();

private:
    using Fail = std::unexpected<SyntaxError>;
    using Step = Parsed<void>;

    // grammar.cpp: what all share
    Fail fail(std::size_t begin, std::string message) const;
    Fail too_big(std::size_t begin, std::string message) const;
    Fail unexpected(std::string_view wanted); // names what stands at the reader
    Parsed<Nest> enter(std::size_t begin);
    int peek() { return reader_.peek(); }
    int peek(std::size_t ahead) const { return reader_.peek(ahead); }
    bool at(std::string_view text) const;
    void skip(std::size_t count = 1);
    std::size_t begin();
    Span since(std::size_t begin) const { return reader_.span(begin, last_); }
    void skip_blanks(); // and a comment
    Step newline();     // and the bodies of the here-documents that wait for it
    Step skip_newlines();
    std::string_view reserved(); // the reserved word at the reader, or ""
    bool take_reserved(std::string_view word);
    Step expect_reserved(std::string_view word, std::size_t begin, std::string_view construct);

    // commands.cpp
    Parsed<Script> list();
    bool at_end_of_list();
    Parsed<bool> separator(Statement& statement);
    Parsed<Statement> statement();
    Parsed<Pipeline> pipeline();
    Step prefix(Pipeline& pipeline, bool& prefixed);
    Step pipe(Pipeline& pipeline);
    Parsed<Command> command(bool after_pipe);

    // simple.cpp
    Parsed<Command> simple();
    Parsed<bool> simple_piece(Command& command, Redirects& redirects);
    Parsed<bool> is_function(const Command& command, const Redirects& redirects);
    bool at_word();

    // assignment.cpp
    Parsed<bool> assignment(Command& command, bool argument);
    Parsed<Assignment> array(Assignment assignment);
    Parsed<Assignment> element();
    Parsed<bool> element_index(Assignment& out);
    bool subscript_follows(Reader look) const;
    Parsed<Word> index();

    // redirect.cpp
    Parsed<bool> redirect(Redirects& out);
    Parsed<bool> redirect_prefix(Redirect& redirect);
    Step redirect_operator(Redirect& redirect, Redirects& out, std::size_t begin);
    Step redirects(Command& command);
    void settle(Redirects&& redirects, Command& command);

    // heredoc.cpp
    Parsed<Delimiter> delimiter(bool tabs, std::size_t begin);
    Step delimiter_piece(Delimiter& out);
    Step bodies();
    Parsed<Word> heredoc(const Delimiter& delimiter);
    Parsed<std::pair<std::size_t, std::size_t>> heredoc_range(const Delimiter& delimiter);
    Parsed<Word> heredoc_word(const Delimiter& delimiter, const Reader& body);

    // compound.cpp, loops.cpp, definition.cpp
    Parsed<Command> compound(std::string_view word);
    Parsed<Command> subshell();
    Parsed<Command> group();
    Parsed<Command> if_clause();
    Parsed<Command> while_loop();
    Parsed<Command> until_loop();
    Parsed<Command> for_loop();
    Parsed<Command> select_loop();
    Parsed<Command> case_clause();
    Parsed<Command> function_keyword();
    Parsed<Command> coproc();
    Parsed<Command> loop(CommandKind kind, std::string_view word);
    Parsed<Command> each_loop(CommandKind kind, std::string_view word);
    Parsed<Command> arith_for(std::size_t begin);
    Step loop_words(Command& command);
    Step loop_body(Command& command, std::size_t begin, std::string_view word);
    Parsed<CaseArm> case_arm(bool& last);
    Parsed<Script> body(std::size_t begin, std::string_view construct);
    Parsed<Command> function(std::size_t begin, std::string name);
    Script one_command(Command command) const;
    std::string coproc_name();

    // test.cpp: [[ … ]]
    Parsed<Command> test();
    Step test_or(Command& command, std::size_t begin);
    Step test_and(Command& command, std::size_t begin);
    Step test_term(Command& command, std::size_t begin);
    Step test_binary(Command& command, std::size_t begin);
    Step test_operand(Command& command, std::size_t begin);
    Step test_space(std::size_t begin);
    bool test_token(Command& command, std::string_view token);
    std::string_view test_operator();
    Parsed<Word> regex();

    // arithmetic.cpp
    Parsed<Command> parens();
    Parsed<Part> dollar_parens(bool quoted);
    Parsed<Part> old_arithmetic(bool quoted);
    Parsed<Part> arithmetic(std::size_t begin, char close);
    Parsed<Part> arithmetic_attempt(std::size_t begin, std::size_t opening, bool& is_one);
    Step arithmetic_piece(Builder& out);

    // word.cpp
    Parsed<Word> word(Style style);
    Step word_piece(Builder& out);
    Parsed<bool> pattern_piece(Builder& out);
    Step extglob(Builder& out);
    bool at_process() const;

    // quote.cpp
    Step escape(Builder& out);
    Step single_quotes(Builder& out);
    Step double_quotes(Builder& out);
    Step ansi_quotes(Builder& out);
    // One byte or expansion where "…" rules hold; `escapes` are the bytes that a backslash quotes.
    Step quoted_piece(Builder& out, std::string_view escapes);
    // '…' in a place where bash keeps the quotes but looks for the end beyond them.
    Step kept_quotes(Builder& out);

    // expansion.cpp
    Step dollar(Builder& out, bool quoted);
    Parsed<Part> substitution(PartKind kind, bool quoted);
    Parsed<Part> backquotes(bool quoted, std::string_view escapes = "$`\\", std::string_view unclear = {});

    // parameter.cpp
    Parsed<Part> parameter(bool quoted);
    Parsed<Part> braced(bool quoted);
    Step braced_name(Parameter& out, std::size_t begin);
    Step braced_operator(Parameter& out, bool quoted, std::size_t begin);
    Step braced_arguments(Parameter& out, bool quoted, std::size_t begin);
    bool names_length();
    bool names_indirect();
    Parsed<Word> argument(bool quoted, char stop, std::size_t begin);
    Step argument_piece(Builder& out, bool quoted);

    Reader reader_;
    Shared& shared_;
    std::size_t last_ = 0;       // end of the last token
    std::size_t semicolons_ = 0; // of the arithmetic read last, outside of expansions
    Lines lines_;
};

} // namespace owhale::policy::shell
