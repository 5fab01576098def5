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
    CHECK_EQ(words("Größe"), Texts{"größe"});
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
    CHECK_FALSE(finds("rm  -rf", "rm -rf"));
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
    CHECK_EQ(words("\xff\x80\x81"), Texts{"\xff\x80\x81"}); // UTF-8 is checked where events are made
}
