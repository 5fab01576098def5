#include "mcp/for_model.hpp"

#include "mcp/output_part.hpp"
#include "mcp/percent.hpp"

#include "checks.hpp"

using namespace owhale::mcp;

TEST_CASE("what a terminal would obey is gone") {
    CHECK_EQ(for_model("\x1b[1;31mred\x1b[0m"), "red");
    CHECK_EQ(for_model("\x1b]0;title\x07x\x1b]8;;http://a\x1b\\y"), "xy");
    CHECK_EQ(for_model("\x1bPq...\x1b\\z\x1b(Bz\x1b=z"), "zzz");
    CHECK_EQ(for_model("a\x1b"), "a");
    CHECK_EQ(for_model("a\x1b[31"), "a");
    // A string without its end ends with the line: it hides nothing that follows.
    CHECK_EQ(for_model("\x1b]0;never ended\nnext"), "\nnext");
    CHECK_EQ(for_model("\x1b]0;a\x1b[31mb"), "b");
}

TEST_CASE("lines end in one way") {
    CHECK_EQ(for_model("a\r\nb\rc\n\td"), "a\nb\nc\n\td");
}

TEST_CASE("what cannot be seen is written out") {
    CHECK_EQ(for_model(std::string("\0\x01\x7f", 3)), "\\u{0}\\u{1}\\u{7f}");
    CHECK_EQ(for_model("a\u202eb\u200b\u2066\ufeff\u009b"), "a\\u{202e}b\\u{200b}\\u{2066}\\u{feff}\\u{9b}");
    CHECK_EQ(for_model("\U000e0041"), "\\u{e0041}");
    CHECK_EQ(for_model("ä€😀"), "ä€😀");
    CHECK_EQ(for_model("a\xff\xc3"), "a\ufffd\ufffd");
}

TEST_CASE("next steps speak of tools, not of the command line") {
    CHECK_EQ(in_tool_words("`owhalectl runs ls` lists yours"), "`list_runs` lists yours");
    CHECK_EQ(in_tool_words("--allow-host HOST lets it reach one; --net host, if you may use it"),
             "allow_hosts HOST lets it reach one; net \"host\", if you may use it");
    CHECK_EQ(in_tool_words("`owhalectl runs kill ID` ends it; owhalectl runs ls, owhalectl runs ls"),
             "`kill_run ID` ends it; list_runs, list_runs");
    CHECK_EQ(in_tool_words("--network --profiles"), "--network --profiles");
    CHECK_EQ(in_tool_words("name one with --workspace DIR"), "name one with workspace DIR");
    CHECK_EQ(in_tool_words(""), "");
}

TEST_CASE("cuts lie between characters") {
    const std::string text = "aä€😀";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        const auto head = without_cut_end(std::string_view(text).substr(0, cut));
        CHECK(head.size() + 3 >= cut);
        CHECK_EQ(for_model(head), head);
        const auto tail = without_cut_start(std::string_view(text).substr(cut));
        CHECK_EQ(for_model(tail), tail);
    }
    CHECK_EQ(without_cut_end("\x80\x80\x80\x80"), "\x80\x80\x80\x80");
}

TEST_CASE("a part says what it left out, and how to get it") {
    OutputPart part{"ID", "head", "tail", 108, 104};
    CHECK_EQ(part.omitted(), 100);
    CHECK_EQ(part.joined("stdout"),
             "head\n… 100 bytes left out; get_output run=ID stream=stdout offset=4 length=100 …\ntail");
    part.tail.clear();
    part.total = part.tail_at = 4;
    CHECK_EQ(part.joined("stdout"), "head");
    part.head = std::string("a\0b", 3);
    CHECK(part.is_binary());
    CHECK_EQ(part.as_base64(), "YQBi");
}

TEST_CASE("percent") {
    CHECK_EQ(from_percent("/a%20b%c3%A4").value(), "/a bä");
    CHECK_EQ(from_percent("").value(), "");
    for (const auto* bad : {"%", "%1", "%zz", "%-1", "%00", "%ff", "%+1"}) CHECK_FALSE(from_percent(bad));
}
