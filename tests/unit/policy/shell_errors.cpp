// What is refused, with a message and a place; the bounds; spans; growth.
#include <doctest/doctest.h>

#include <chrono>

#include "shell_tree.hpp"

using namespace owhale::policy::shell;
using owhale::policy::Span;

namespace {

std::string repeat(std::string_view text, std::size_t count) {
    std::string out;
    out.reserve(text.size() * count);
    while (count-- > 0) out += text;
    return out;
}

double seconds(const std::string& text) {
    const auto began = std::chrono::steady_clock::now();
    static_cast<void>(parse(text));
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

// Eight times the text takes far less than 64 times as long; a busy machine gets another try.
bool grows_linearly(const std::string& small, const std::string& large) {
    for (int tries = 0; tries < 4; ++tries) {
        const auto spent = seconds(large);
        if (spent < 0.05 || spent < 40 * seconds(small)) return true;
    }
    return false;
}

} // namespace

TEST_CASE("what is not ended is refused") {
    for (const std::string script : {"'a",
                                     "\"a",
                                     "$'a",
                                     "`a",
                                     "$(a",
                                     "${a",
                                     "${a:-b",
                                     "$((1",
                                     "$((1)",
                                     "((1",
                                     "(a",
                                     "{ a",
                                     "{ a }",
                                     "if a",
                                     "if a; then b",
                                     "while a; do b",
                                     "for x in a; do b",
                                     "case x in",
                                     "case x in a",
                                     "case x in a) b",
                                     "f()",
                                     "function f",
                                     "[[ a",
                                     "[[ a ]",
                                     "a=(",
                                     "a=(b",
                                     "a[",
                                     "a[1",
                                     "a[$x",
                                     "<(a",
                                     ">(a",
                                     "@(a",
                                     "a @(",
                                     "x=${y",
                                     "cat <<E\na",
                                     "cat <<E",
                                     "cat <<'E'\nE x\n",
                                     "a |",
                                     "a &&",
                                     "a ||\n",
                                     "!(",
                                     "for ((;;",
                                     "for ((;;)); do a",
                                     "$[1",
                                     "\"$(a\"",
                                     "a <<< ",
                                     "a >",
                                     "a 2>&",
                                     "coproc",
                                     "select x in"}) {
        CAPTURE(script);
        CHECK(tree_of(script).starts_with("error: "));
    }
}

TEST_CASE("what bash refuses, or only accepts with a warning, is refused") {
    for (const std::string script : {"fi",
                                     "then",
                                     "do a",
                                     "done",
                                     "esac",
                                     "}",
                                     ")",
                                     "a)",
                                     "a ) b",
                                     ";",
                                     "a;;b",
                                     "a;;",
                                     "&",
                                     "&& a",
                                     "| a",
                                     "a | | b",
                                     "a & && b",
                                     "a &; b",
                                     "()",
                                     "( )",
                                     "{ }",
                                     "if ; then a; fi",
                                     "if a; then fi",
                                     "while a; do done",
                                     "for 1 2; do a; done",
                                     "for x in a do b; done",
                                     "echo a(b)",
                                     "echo (a)",
                                     "a () b",
                                     "f() a",
                                     "f() b; c",
                                     "\"f\"() { a; }",
                                     "$f() { a; }",
                                     "case x in a b) c;; esac",
                                     "case x a) b;; esac",
                                     "a | ! b",
                                     "a > 2>b",
                                     "a >> > b",
                                     "[[ a b ]]",
                                     "[[ a == ]]",
                                     "[[ -f ]]",
                                     "[[ ]]",
                                     "[[ ( a ]]",
                                     "[[ a &&& b ]]",
                                     "a=(1;2)",
                                     "a=(1&2)",
                                     "a=(1)b",
                                     "x=1 y=(1 2",
                                     "echo a=(1)",
                                     "in",
                                     "]]",
                                     "for ((1;2)); do a; done",
                                     "for ((1;2;3;4)); do a; done",
                                     "a <<",
                                     "{fd} >",
                                     "$(a))",
                                     "x=$(cat <<E)\nE\n",
                                     "x=$(cat <<E\nE)\n",
                                     "if a; then b; fi c",
                                     "(a) b",
                                     "coproc a }",
                                     "function f ( ) x",
                                     "a ;& b"}) {
        CAPTURE(script);
        CHECK(tree_of(script).starts_with("error: "));
    }
}

TEST_CASE("where shells part, nothing is guessed") {
    for (const std::string script :
         {"echo \"${x:-'}'}\"",                               // bash: the brace is quoted; dash: it ends the expansion
          "echo \"${x:-it's}\"",                              // bash: a quote without its end
          "cat <<$x\n$x\n",                                   // a delimiter that looks expanded
          "cat <<E\nE\\\n\n",                                 // and one that only its joined lines make
          "cat <<EOF\nE\\\nOF\nEOF\n",                        //
          "a[$(x)] b",                                        // a subscript to bash, a pattern to others
          "x=$(a <<E\nE\nrm b; /etc)", "a <(b <<E\nE\nc; d)", // bash 5.2.15 loses the ; and runs rm b /etc
          "cat <<E\n`a \\\"b\\\"`\nE", "a \"${x:-`a \\\"b`}\"", // bash keeps the backslash, dash drops it
          "eval a=(1 2)",                                       //
          "cat <<E; a=(1\n2)\nE\n",                             // bash looks for the text behind the array
          "echo ${ rm x; }", "echo ${|rm x; }",                 // bash 5.3 and mksh run them
          "echo ${x!y}", "echo ${}", "echo ${-x", "echo ${x y}"}) {
        CAPTURE(script);
        CHECK(tree_of(script).starts_with("error: "));
    }
    CHECK(parse(std::string("a\0b", 3)).error().message.find("NUL") != std::string::npos);
    CHECK_EQ(tree_of("\xff\xfe a"), "\xff\xfe a");
}

TEST_CASE("an error says where and what") {
    struct Row {
        std::string script;
        Span span;
        std::string message;
    };
    for (const auto& row : std::initializer_list<Row>{
             {"ls; echo 'a", {9, 11}, "the quote ' is not closed; another ' is missing"},
             {"ls; fi", {4, 5}, "`fi` stands where a command or its end is due; quote it if it is meant as text"},
             {"cat <<EOF\na\n", {4, 9}, "a here-document without its end `EOF`; put it on a line of its own"},
             {"if a; then b", {0, 12}, "the `if` is not ended; `fi` is missing"},
         }) {
        CAPTURE(row.script);
        const auto parsed = parse(row.script);
        REQUIRE_FALSE(parsed);
        CHECK_EQ(parsed.error().message, row.message);
        CHECK_EQ(parsed.error().span.begin, row.span.begin);
        CHECK_EQ(parsed.error().span.end, row.span.end);
        CHECK_FALSE(parsed.error().too_big);
    }
}

TEST_CASE("spans are those of the text, through backquotes and here-documents too") {
    const std::string text = "cat <<-E; x=`echo \\`rm y\\``\n\t$(rm z)\n\tE\n";
    const auto script = parse(text);
    REQUIRE(script);
    const auto in_text = [&](Span span) { return text.substr(span.begin, span.end - span.begin); };
    const auto& cat = script->statements[0].links[0].pipeline.commands[0];
    CHECK_EQ(in_text(cat.span), "cat <<-E");
    CHECK_EQ(in_text(cat.redirects[0].target.parts[0].script->statements[0].span), "rm z");
    const auto& assignment = script->statements[1].links[0].pipeline.commands[0].assignments[0];
    CHECK_EQ(in_text(assignment.span), "x=`echo \\`rm y\\``");
    const auto& echo = assignment.value.parts[0].script->statements[0].links[0].pipeline.commands[0];
    CHECK_EQ(in_text(echo.words[1].parts[0].script->statements[0].span), "rm y");
}

TEST_CASE("the bounds are told apart from the grammar") {
    const auto too_big = [](const std::string& text, const Bounds& bounds = {}) {
        const auto parsed = parse(text, bounds);
        return !parsed && parsed.error().too_big;
    };
    CHECK(too_big(repeat("a ", 1 << 20)));
    CHECK(too_big(repeat("a;", 10'001)));
    CHECK_FALSE(too_big(repeat("a;", 10'000)));
    CHECK(too_big("$(a;b)", {.commands = 2}));
    CHECK(too_big("a $(b) `c`", {.commands = 2}));
    for (const std::string open : {"(", "{ ", "$(", "${x:-", "\"$(", "$((", "if ", "a=(", "x=$(a[", "<(", "[[ ( ",
                                   "case x in x) ", "f() { ", "@(", "while ", "! (", "\"${x:-\"", "((", "$["}) {
        CAPTURE(open);
        const auto parsed = parse("a; " + repeat(open, 20'000));
        CHECK_FALSE(parsed);
    }
    for (const std::string open : {"(", "{ ", "$(", "${x:-", "\"$(", "if ", "<(", "f() { "}) {
        CAPTURE(open);
        CHECK(too_big(repeat(open, 200)));
    }
    CHECK_FALSE(too_big(repeat("(", 30) + "a" + repeat(")", 30)));
}

TEST_CASE("brace expansion cannot be made to cost more than its text") {
    const auto script = parse("echo " + repeat("{1..999} ", 10'000));
    REQUIRE(script);
    std::size_t words = 0;
    for (const auto& word : script->statements[0].links[0].pipeline.commands[0].words)
        for (const auto& part : word.parts) words += part.words.size();
    CHECK_LE(words, 65'536);
    CHECK_EQ(tree_of("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}"), repeat("{={a,b}}", 10));
    CHECK_EQ(tree_of(repeat("{a,", 60) + "b" + repeat("}", 60)).find("error"), std::string::npos);
}

TEST_CASE("time grows with the text, not with its square") {
    struct Attack {
        std::string before, unit, after;
    };
    for (const auto& attack : std::initializer_list<Attack>{{"", "a ", ""},
                                                            {"a", "\\\n", ""},
                                                            {"a ", "{", ""},
                                                            {"a ", "[", "$x]"},
                                                            {"a ", "[", ""},
                                                            {"a ", "{a,", ""},
                                                            {"a ", "~:", ""},
                                                            {"x=", "~:", ""},
                                                            {"a ", "{a},", "}"},
                                                            {"", "((:#(\n) )\n", ""},
                                                            {"", "$((:#(\n) )\n", ""},
                                                            {"a ", "\\`", ""},
                                                            {"cat ", "<<E ", ""},
                                                            {"cat <<E\n", "a\\\n", "E"},
                                                            {"cat <<E\n", "E \n", "E"},
                                                            {"a ", "$x", ""},
                                                            {"a ", "'a'\"b\"", ""},
                                                            {"a", "[", "]=1"},
                                                            {"", "a[", ""},
                                                            {"a=(", "[a", ")"},
                                                            {"a=(", "[", ")"},
                                                            {"a ", "@(", ""},
                                                            {"a ", "`", ""},
                                                            {"cat <<E\n", "$((", ""},
                                                            {"", "a=([$(", ""},
                                                            {"a ", "!(a)", ""},
                                                            {"", "\\\n", "a"},
                                                            {"a ", "{1..9}", ""},
                                                            {"a ", "{x,{1..9}", "}"},
                                                            {"a ~", "\"\"", ""},
                                                            {"", "! ", "a"},
                                                            {"", "time ", "a"},
                                                            {"[[ ", "! ", "a ]]"},
                                                            {"[[ a =~ ", "(", ""},
                                                            {"a ", "${#", ""},
                                                            {"a ", "\"$((", ""},
                                                            {"", "\n", ""},
                                                            {"", "#\n", ""},
                                                            {"x=", "a:", ""},
                                                            {"a ", "1", ">b"},
                                                            {"coproc ", "a", " {"},
                                                            {"a ", "*", ""},
                                                            {"a ", "[a*", "]"},
                                                            {"`", "\\\\", "`"},
                                                            {"a ", "!(", ""},
                                                            {"$((", "(", ""},
                                                            {"{", "a", "}>b"}}) {
        CAPTURE(attack.unit);
        const auto of = [&](std::size_t bytes) {
            return attack.before + repeat(attack.unit, bytes / attack.unit.size()) + attack.after;
        };
        CHECK(grows_linearly(of(50'000), of(400'000)));
    }
}
