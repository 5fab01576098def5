#include "policy/explain.hpp"

#include "forms.hpp"
#include "policy/normal/normalize.hpp"

using namespace owhale;
using namespace owhale::test;

namespace {

std::string same(std::string_view text) {
    return std::string(text);
}
constexpr Screen kScreen = {same, [](std::string_view text) { return text.size(); }};

std::string text_of(const std::vector<DrawnLine>& lines) {
    std::string out;
    for (const auto& line : lines) {
        for (const auto& piece : line) out += piece.text;
        while (out.ends_with(' ')) out.pop_back();
        out += '\n';
    }
    return out;
}

struct Drawn {
    std::string source, commands;
};

Drawn draw(const Rules& rules, const std::string& script) {
    Request request;
    request.script = script;
    const auto form = normalize(request, project_facts());
    const auto verdict = decide(*rules, form, project_facts(), Mode::local);
    return {text_of(draw_source(form, verdict, kScreen)), text_of(draw_commands(form, verdict, kScreen))};
}

} // namespace

TEST_CASE("the deciding segment is underlined, on whichever line it stands") {
    const auto rules = load(rule_text("program = \"rm\"\nrecursive = true\nremoves = \"~/**\""));
    CHECK_EQ(draw(rules, "make && rm -rf ~/x && ls").source, "make && rm -rf ~/x && ls\n        ^^^^^^^^^^\n");
    CHECK_EQ(draw(rules, "make\nrm -r ~/x\nls").source, "make\nrm -r ~/x\n^^^^^^^^^\nls\n");
    CHECK_EQ(draw(rules, "make && ls").source, "make && ls\n");
    std::string lines;
    for (int i = 0; i < 100; ++i) lines += "make\n";
    const auto of_many = draw(rules, lines + "rm -r ~/x\n" + lines).source;
    CHECK(of_many.find("^^^^^^^^^") != std::string::npos);
    CHECK(of_many.find("lines 98 to 137 of 201") != std::string::npos);
}

TEST_CASE("commands in words stand below what carries them, each with what it touches and its rules") {
    const auto rules =
        load(rule_text("removes = \"~/**\"", "no.rm") + rule_text("reads = \"/etc/shadow\"", "no.shadow", "ask"));
    const auto drawn = draw(rules, "sh -c 'rm -r ~/x; cat \"$X\"' | tee out").commands;
    CHECK(drawn.find("sh -c") == 0);
    CHECK(drawn.find("├─ rm -r /home/user/x\n") != std::string::npos);
    CHECK(drawn.find("removes   /home/user/x and all below\n") != std::string::npos);
    CHECK(drawn.find("deny      no.rm  Why.\n") != std::string::npos);
    CHECK(drawn.find("└─ cat …\n") != std::string::npos);
    CHECK(drawn.find("ask       no.shadow  Why. (if `…` is so)\n") != std::string::npos);
    CHECK(drawn.find("\ntee out\n") != std::string::npos);
}

TEST_CASE("a text of ten thousand commands is drawn up to a bound, however deep they lie") {
    std::string script;
    for (int i = 0; i < 3'000; ++i) script += "true\n";
    const auto drawn = draw(load(rule_text("program = \"x\"")), script).commands;
    CHECK(drawn.find("… and 2500 more commands\n") != std::string::npos);
}
