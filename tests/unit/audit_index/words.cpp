#include "audit/index/words.hpp"

#include <algorithm>

#include "audit/index/facts.hpp"
#include "audit/index/strings.hpp"
#include "checks.hpp"

using namespace owhale::audit::index;

namespace {

using Texts = std::vector<std::string>;

Texts strings_of(std::string_view json) {
    Strings strings(json);
    Texts out;
    for (std::string_view text; strings.next(text);) out.emplace_back(text);
    return out;
}

std::string as_json(std::string_view text) {
    std::string out = R"({"data":")";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + "\"}";
}

Texts words(std::string_view text) {
    auto out = words_of(as_json(text)).words;
    std::ranges::sort(out);
    return out;
}

} // namespace

TEST_CASE("searched are the values that people write") {
    CHECK_EQ(strings_of(R"({"data":{"argv":["rm","-rf"],"n":5,"t":true},"event":"run.intent"})"),
             Texts{"rm", "-rf", "run.intent"});
    CHECK_EQ(strings_of(R"({"id":"x","time":"y","data":{"id":"z"}})"), Texts{"z"});
    CHECK_EQ(strings_of(R"({"at":"2026-11-22T13:00:00.000000Z","b":"2026-11-22"})"), Texts{"2026-11-22"});
    CHECK_EQ(strings_of(R"({"s":"M0hTQ2xHdEZkZ3J5b1Z2c2pQ3l6d1Q5bXk2d0VHTzA"})"), Texts{});
    CHECK_EQ(strings_of(R"({"p":"/usr/lib/x86_64-linux-gnu/Perl5Modules/AbcDefGhiJklMno9"})").size(), 1);
    CHECK_EQ(strings_of(R"({"e":"a\"b\\c\nd\u0001e\u001ff"})"), Texts{"a\"b\\c\nd\x01"
                                                                      "e\x1f"
                                                                      "f"});
}

TEST_CASE("what is no JSON of ours ends it, without reading on") {
    for (const char* json :
         {"", "\"", "{\"a", "{\"a\":\"b", "{\"a\":\"b\\", "{\"a\":\"b\\\"", "}}}{{{\"", "{\"a\":\"\\u00"})
        CHECK(strings_of(json).size() <= 1);
}

TEST_CASE("names are kept whole, from each of their parts on") {
    CHECK_EQ(words("/home/a/.ssh/id_rsa"), Texts{"a", "home", "id_rsa", "rsa", "ssh"});
    CHECK_EQ(words("rm -rf --force"), Texts{"force", "rf", "rm"});
    CHECK_EQ(words("user@host:22"), Texts{"22", "host", "user"});
    CHECK_EQ(words("10.0.0.1"), Texts{"0.0.1", "0.1", "1", "10.0.0.1"});
    CHECK_EQ(words("FOO=\"a.b c\""), Texts{"a.b", "b", "c", "foo"});
    CHECK_EQ(words("Größe"), Texts{"grosse"});
    CHECK_EQ(words("01a218e1-7e3a-72e1-808f-c8f1bded66f8"), Texts{"01a218e1-7e3a-72e1-808f-"});
    CHECK_EQ(words(std::string(100, 'x')), Texts{std::string(kLongestWord, 'x')});
    CHECK_EQ(words("-- .. && |"), Texts{});
}

TEST_CASE("an event has a bounded number of words") {
    std::string text;
    for (int i = 0; i < 5000; ++i) text += "w" + std::to_string(i) + " ";
    const auto found = words_of(as_json(text));
    CHECK_EQ(found.words.size(), kMostWords);
    CHECK_FALSE(found.all);
}

TEST_CASE("a needle asks for whole names, and for the beginning of its last") {
    const auto asked = [](std::string_view text) {
        std::string out;
        const Needle needle(text);
        for (const auto& [word, prefix] : needle.terms()) out += word + (prefix ? "* " : " ");
        return out;
    };
    CHECK_EQ(asked("rm -rf"), "rm rf* ");
    CHECK_EQ(asked("rm -r"), "rm ");
    CHECK_EQ(asked("/home/a/.ssh/id_rsa"), "home a ssh id_rsa* ");
    CHECK_EQ(asked("10.0.0.1:"), "10.0.0.1 ");
    CHECK_EQ(asked("&&"), "");
    CHECK_EQ(asked("a"), "");
    CHECK_EQ(asked(std::string(30, 'x')), std::string(24, 'x') + " ");
}

TEST_CASE("a text is found where a part begins, whatever its case, and nowhere else") {
    const auto finds = [](std::string_view needle, std::string_view text) { return Needle(needle).in(as_json(text)); };
    CHECK(finds("rm -r", "sudo rm -rf /"));
    CHECK(finds("RSA", "/home/a/.ssh/id_rsa"));
    CHECK(finds("-rf", "rm -rf"));
    CHECK(finds("/.ssh/", "/home/a/.ssh/id_rsa"));
    CHECK(finds("0.0.1", "10.0.0.1"));
    CHECK(finds("&& rm", "true && rm x"));
    CHECK(finds("say \"hi\"", "say \"hi\""));
    CHECK(finds("a\\b", "a\\b"));
    CHECK_FALSE(finds("sa", "id_rsa"));
    CHECK_FALSE(finds("m -rf", "rm -rf"));
    CHECK(finds("rm  -rf", "rm -rf")); // blanks are one
    CHECK(finds("rm -rf", "rm \t\n -rf"));
    CHECK_FALSE(finds("data", "x")); // a member's name
}

TEST_CASE("a fact is one character to FTS5, and no text's") {
    for (const auto& text :
         {fact(Fact::principal, 1), fact(Fact::event, 1'000'000), run_fact(std::string(16, '\xab'))}) {
        CHECK_EQ(text[0], '\xff');
        CHECK(
            std::ranges::all_of(text.substr(1), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }));
    }
    CHECK_NE(run_fact(std::string(15, 'a') + "b"), run_fact(std::string(16, 'a')));
    CHECK_NE(fact(Fact::principal, 1), fact(Fact::verb, 1));
    CHECK_EQ(words("\xff\x80\x81"), Texts{});
}

TEST_CASE("a word is found whatever is glued to it that is no letter, seen or not") {
    const Needle needle("rm -rf");
    for (const char* glue :
         {"\u200b", "\u200c", "\u200d", "\u2060", "\ufeff",     "\u00ad",       "\u200e",
          "\u200f", "\u202e", "\u2066", "\u2069", "\u061c",     "\u180e",       "\u034f",
          "\u3164", "\u115f", "\uffa0", "\ufe0f", "\U000e0041", "\U000e0100",   "\x01",
          "\x7f",   "\u0085", "\u00a0", "\u2003", "\u202f",     "\u3000",       "\u2028",
          "\u2014", "\u201c", "\u3002", "\uff1b", "\u00bb",     "\u20ac",       "\U0001f600",
          "\u2800", "\u0378", "\ufffe", "\xff",   "\xc3",       "\xed\xa0\x80", "\xf8\x88\x80\x80\x80"}) {
        const auto glued = std::string("x") + glue + "rm -rf" + glue + " " + glue + "/home";
        CAPTURE(std::string(glue));
        CHECK(needle.in(as_json(glued)));
        const auto there = words(glued);
        for (const auto& [word, prefix] : needle.terms())
            CHECK(std::ranges::any_of(there,
                                      [&](const auto& one) { return prefix ? one.starts_with(word) : one == word; }));
    }
}

TEST_CASE("what nobody sees hides nothing within a word, and is found itself") {
    const auto finds = [](std::string_view needle, std::string_view text) { return Needle(needle).in(as_json(text)); };
    CHECK(finds("rm -rf", "r\u200bm -\u2060r\ufe0ff /"));
    CHECK(finds("rm -rf", "foo\u200brm\u00ad \u200b-rf"));
    CHECK(finds("id_rsa", "/home/a/.ssh/id\u200d_r\u034fsa"));
    CHECK(finds("r\u200bm", "rm"));
    CHECK(finds("\u200b", "r\u200bm"));
    CHECK_FALSE(finds("\u200b", "rm"));
    CHECK_EQ(words("foo\u200brm"), Texts{"foorm", "rm"});
}

TEST_CASE("letters lose case, accents and width; a part begins where scripts meet") {
    const auto finds = [](std::string_view needle, std::string_view text) { return Needle(needle).in(as_json(text)); };
    CHECK(finds("rm -rf", "\uff52\uff4d\u3000\uff0d\uff52\uff46")); // full-width
    CHECK(finds("rm", "\U0001d42b\U0001d426"));                     // mathematical bold
    CHECK(finds("rm", "r\u0306m\u0301"));
    CHECK(finds("GRÖSSE", "größe"));
    CHECK(finds("κωσ", "ΚΏΣ"));
    CHECK(finds("ПУТЬ", "/путь/к"));
    CHECK(finds("fi", "\ufb01le"));
    CHECK(finds("rm", "命令rm"));
    CHECK(finds("命令", "rm命令"));
    CHECK_FALSE(finds("m", "命rm"));
    CHECK_EQ(words("命令rm"), Texts{"rm", "命令rm"});
}

TEST_CASE("the arguments of a command are looked at as one text") {
    const auto finds = [](std::string_view needle, std::string_view json) { return Needle(needle).in(json); };
    constexpr auto argv =
        R"({"data":{"argv":["sudo","rm","","-rf","M0hTQ2xHdEZkZ3J5b1Z2c2pQ3l6d1Q5bXk2d0VHTzA","a b"]}})";
    CHECK(finds("rm -rf", argv));
    CHECK(finds("sudo rm -r", argv));
    CHECK(finds("-rf a b", argv));
    CHECK_FALSE(finds("sudo -rf", argv));
    for (const char* json : {R"({"a":["rm"],"b":["-rf"]})", R"({"a":"rm","b":"-rf"})", R"({"a":[["rm"],["-rf"]]})",
                             R"({"a":[{"b":"rm"},"-rf"]})", R"({"a":["rm",{"b":1},"-rf"]})", R"({"rm":["-rf"]})"})
        CHECK_FALSE(finds("rm -rf", json));
}

TEST_CASE("only what is a time is left out as one") {
    CHECK(is_time("2026-11-22T13:00:00.000000Z"));
    CHECK(is_time("2026-11-22T13:00:00+01:00"));
    CHECK_FALSE(is_time("2026-11-22T13:00:00;rm -rf /"));
}
