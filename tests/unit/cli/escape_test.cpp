#include "cli/escape.hpp"

#include "checks.hpp"
#include "cli/drawing.hpp"

using namespace owhale::cli;

TEST_CASE("what moves the cursor, hides or reorders becomes visible") {
    CHECK(escaped("plain – ümläut 漢字 🐳") == "plain – ümläut 漢字 🐳");
    CHECK(escaped("\x1b[31mred\a") == "\\x1b[31mred\\x07");
    CHECK(escaped("two\nlines\tand\rback") == "two\\nlines\\tand\\rback");
    CHECK(escaped("\xc2\x9b"
                  "31m") == "\\u{9b}31m"); // C1 CSI
    CHECK(escaped("a\xe2\x80\xae"
                  "b") == "a\\u{202e}b"); // right-to-left override
    CHECK(escaped("a\xe2\x80\x8b") == "a\\u{200b}");
    CHECK(escaped("\xff\xc0\xaf") == "\\xff\\xc0\\xaf"); // not UTF-8, and an overlong slash
    CHECK(escaped("\xed\xa0\x80") == "\\xed\\xa0\\x80"); // a surrogate
    CHECK(escaped("\xe2\x82") == "\\xe2\\x82");          // cut off
    CHECK(escaped_lines("a\n\tb\x1b") == "a\n\tb\\x1b");
}

// The same text as in tests/browser/units.test.mjs: page and owhalectl show it alike.
TEST_CASE("what is not drawn, or draws on its neighbour, is spelt out") {
    CHECK_EQ(in_one_line("a\u180bb\u180cc\u180dd\u180fe\U00013430f\U0001343fg\u17b4h\u0890i\ufff0j"),
             "a\\u{180b}b\\u{180c}c\\u{180d}d\\u{180f}e\\u{13430}f\\u{1343f}g\\u{17b4}h\\u{890}i\\u{fff0}j");
    CHECK_EQ(in_one_line("k\u0e31l\u0941m\u093en\u20e3o\u302ap\ua66fq\U00011c92r\U0001e944s\u3164"),
             "k\\u{e31}l\\u{941}m\\u{93e}n\\u{20e3}o\\u{302a}p\\u{a66f}q\\u{11c92}r\\u{1e944}s\\u{3164}");
    CHECK_EQ(escaped("a\u180bb\u180fc\U00013430d"), "a\\u{180b}b\\u{180f}c\\u{13430}d"); // in lists, too
    CHECK_EQ(escaped("e\u0301 \u2764\ufe0f"), "e\u0301 \u2764\ufe0f");
}

TEST_CASE("columns as a terminal counts them") {
    CHECK(width("abc") == 3);
    CHECK(width("漢字") == 4);
    CHECK(width("e\xcc\x81") == 1); // a combining accent
    CHECK(clipped("abcdef", 6) == "abcdef");
    CHECK(clipped("abcdef", 4) == "abc…");
    CHECK(clipped("漢字漢字", 4) == "漢…"); // never half a character
    CHECK(clipped("abc", 0).empty());
}

TEST_CASE("words as a shell needs them") {
    CHECK(quoted("git") == "git");
    CHECK(quoted("--pretty=%h") == "--pretty=%h");
    CHECK(quoted("") == "''");
    CHECK(quoted("a b") == "'a b'");
    CHECK(quoted("<number>") == "'<number>'");
    CHECK(quoted_in_template("<number>") == "<number>");
    CHECK(quoted_in_template("<x> rm <y>") == "'<x> rm <y>'");
    CHECK(quoted("it's") == "'it'\\''s'");
    CHECK(quoted("$HOME") == "'$HOME'");
}
