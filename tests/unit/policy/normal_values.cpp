// Values that are partly known, patterns against them, paths by components, and the bounds of a normal form.
#include "normal_rows.hpp"

#include <algorithm>
#include <ctime>

#include "policy/normal/facts.hpp"
#include "policy/normal/paths.hpp"
#include "policy/normal/programs.hpp"

using namespace owhale::policy;

namespace {

struct Glob {
    std::string_view pattern;
    std::string text;
    Match match;
};

std::string hole(std::string_view before, std::string_view after = "") {
    return std::string(before) + std::string(kHole) + std::string(after);
}
std::string name(std::string_view before, std::string_view after = "") {
    return std::string(before) + std::string(kAnyName) + std::string(after);
}

const Glob kGlobs[] = {
    {"/etc/passwd", "/etc/passwd", Match::yes},
    {"/etc/passwd", "/etc/passwd-", Match::no},
    {"/etc/*", "/etc/passwd", Match::yes},
    {"/etc/*", "/etc/ssh/x", Match::no},
    {"/etc/**", "/etc/ssh/x", Match::yes},
    {"/etc/**", "/etcetera", Match::no},
    {"**/.env", "/home/u/p/.env", Match::yes},
    {"*.example.org", "a.example.org", Match::yes},
    {"*.example.org", "example.org", Match::no},
    {"a?c", "abc", Match::yes},
    {"a?c", "a/c", Match::no},
    {"{a,b}c", "bc", Match::yes},
    {"{a,b}c", "cc", Match::no},
    {"{a,b{1,2}}*", "b2xyz", Match::yes},
    {"/dev/sd{a,b}[0-9]", "/dev/sdb3", Match::yes},
    {"/dev/sd{a,b}[0-9]", "/dev/sdbx", Match::no},
    {"[::1]", "[::1]", Match::yes},
    {"", "", Match::yes},
    {"*", "", Match::yes},
    {"?", "", Match::no},
    {"{", "{", Match::yes},
    {"/etc/passwd", hole(""), Match::maybe},
    {"/etc/passwd", hole("/etc/"), Match::maybe},
    {"/etc/passwd", hole("/home/"), Match::no},
    {"/etc/passwd", hole("", "wd"), Match::maybe},
    {"/etc/passwd", hole("", "x"), Match::no},
    {"/etc/**", hole("/etc/"), Match::yes},
    {"/etc/*", hole("/etc/"), Match::maybe},
    {"/etc/*", name("/etc/"), Match::yes},
    {"/etc/*/x", name("/etc/"), Match::no},
    {"/etc/passwd", name("/etc/pass"), Match::maybe},
    {"/etc/shadow", name("/etc/pass"), Match::no},
    {"/etc/passwd", "/etc/pass" + std::string(kAnyByte) + "d", Match::maybe},
    {"/etc/pass?d", "/etc/pass" + std::string(kAnyByte) + "d", Match::yes},
    {"**", hole(""), Match::yes},
    {"rm", hole("r"), Match::maybe},
    {"-*", hole("-"), Match::maybe},
};

} // namespace

TEST_CASE("match_glob: a pattern against a value that may hold holes") {
    for (const auto& [pattern, text, match] : kGlobs) {
        CAPTURE(pattern);
        CAPTURE(shown(text));
        CHECK(match_glob(pattern, text) == match);
    }
}

TEST_CASE("match_glob takes time in proportion to the pattern times the text") {
    const auto cost = [pattern = std::string("*a*a*a*a*a*a*a*a*a*b")](std::size_t length) {
        const std::string text(length, 'a');
        const auto start = std::clock(); // of this process: others may work at the same time
        CHECK(match_glob(pattern, text) == Match::no);
        CHECK(match_glob(pattern, text + std::string(kHole)) == Match::maybe);
        return static_cast<double>(std::clock() - start);
    };
    // Twenty times the text is twenty times the work; were it its square, it would be four hundred times.
    CHECK(cost(40'000) < 100 * std::max(cost(2'000), 0.0005 * CLOCKS_PER_SEC));
}

TEST_CASE("a value says how far it is known, and is shown with its holes") {
    CHECK(Value{"rm", {}}.known() == Known::known);
    CHECK(Value{hole("a"), {}}.known() == Known::partly);
    CHECK(Value{hole(""), {}}.known() == Known::opaque);
    CHECK(shown(hole("a", "b")) == "a…b");
    CHECK(shown(name("/x/", ".c")) == "/x/*.c");
}

TEST_CASE("paths are folded by components") {
    CHECK(absolute_path("a/../b/./c//d", "/w") == "/w/b/c/d");
    CHECK(absolute_path("../../../../etc", "/w/x") == "/etc");
    CHECK(absolute_path("/", "/w") == "/");
    CHECK(absolute_path("..", "/") == "/");
    CHECK(absolute_path(hole("", "/x"), "/w") == hole("", "/x"));
    CHECK(absolute_path(hole("a/", "/.."), "/w") == hole("")); // what it climbs out of is not known
    CHECK(is_below("/a/b", "/a"));
    CHECK_FALSE(is_below("/ab", "/a"));
}

TEST_CASE("a path's text alone tells what may be a workspace") {
    CHECK(facts_of_path("/home/u/p", "/home/u").workspace == "/home/u/p");
    CHECK(facts_of_path("/tmp/p", "/home/u").workspace == "/tmp/p");
    for (const auto* cwd : {"/", "/home", "/home/u", "/home/u/.config", "/home/u/.config/x", "/home/other", "/etc",
                            "/usr/lib/x", "/root", "/tmp"}) {
        CAPTURE(cwd);
        CHECK(facts_of_path(cwd, "/home/u").workspace.empty());
    }
}

TEST_CASE("words of argv are exact: nothing in them is a shell's") {
    Request request;
    request.argv = {"rm", "$HOME", "*.c", "a;b"};
    const auto form = normalize(request, facts_of_path("/home/u/p", "/home/u"));
    REQUIRE(form.commands.size() == 1);
    CHECK(form.text == "rm '$HOME' '*.c' 'a;b'");
    CHECK(dump(form.commands[0]) ==
          "rm | $HOME *.c a;b | remove:/home/u/p/$HOME remove:/home/u/p/*.c remove:/home/u/p/a;b | fact operand");
    CHECK(form.text.substr(form.commands[0].operands[0].span.begin, 7) == "'$HOME'");
}

TEST_CASE("code of a request is read in its language") {
    Request request;
    request.language = "python";
    request.code = "import shutil\nshutil.rmtree('/etc')\n";
    const auto form = normalize(request, facts_of_path("/home/u/p", "/home/u"));
    REQUIRE(form.commands.size() == 1);
    CHECK(dump(form.commands[0]).find("remove:/etc:r") != std::string::npos);
}

TEST_CASE("what cannot be read is refused, with the reason") {
    CHECK(form_of_script("echo 'a").refused);
    CHECK_FALSE(form_of_script("echo 'a").too_big);
    CHECK(form_of_script(std::string("a\0b", 3)).refused);
    CHECK(form_of_script(std::string(1 << 21, 'a')).too_big);
    std::string many;
    for (int i = 0; i < 11'000; ++i) many += "a\n";
    CHECK(form_of_script(many).too_big);
    CHECK(normalize({}, {}).refused);
}

TEST_CASE("products are bounded: loops in loops, braces in braces, functions in functions") {
    const auto start = std::clock();
    form_of_script("for a in {1..16}; do for b in {1..16}; do for c in {1..16}; do for d in {1..16}; do rm $a$b$c$d; "
                   "done; done; done; done");
    form_of_script("rm {1..9}{1..9}{1..9}{1..9}{1..9}");
    std::string functions = "f0() { rm x; }\n";
    for (int i = 1; i < 40; ++i)
        functions +=
            "f" + std::to_string(i) + "() { f" + std::to_string(i - 1) + "; f" + std::to_string(i - 1) + "; }\n";
    CHECK(form_of_script(functions + "f39").too_big);
    std::string doubling = "x=aaaaaaaa\n";
    for (int i = 0; i < 60; ++i) doubling += "x=$x$x\n";
    form_of_script(doubling + "rm $x");
    std::string layers = "rm x";
    for (int i = 0; i < 12; ++i) {
        std::string quoted = "eval ";
        for (const char c : layers) quoted += std::string{'\\', c};
        layers = quoted.size() < 100'000 ? quoted : layers;
    }
    form_of_script(layers);
    CHECK(std::clock() - start < 10 * CLOCKS_PER_SEC); // any of them done naively takes hours
}

TEST_CASE("code in code deeper than kMaxLayers is said to be unknown, not followed") {
    std::string script = "rm x";
    for (std::size_t i = 0; i < kMaxLayers + 2; ++i) {
        std::string quoted;
        for (const char c : script) quoted += c == '\'' ? "'\\''" : std::string(1, c);
        script = "sh -c '" + quoted + "'";
    }
    bool unknown = false;
    for (const auto& command : form_of_script(script).commands)
        for (const auto& fact : command.facts) unknown = unknown || fact == "code.unknown";
    CHECK(unknown);
}

TEST_CASE("what is substituted in an assignment before a command makes commands of its own, however many") {
    std::string script;
    for (int i = 0; i < 300; ++i) script += "A=$(a) x; ";
    const auto form = form_of_script(script);
    REQUIRE(form.commands.size() == 600);
    CHECK(dump(form.commands[598]) == "x | env A=… | fact bare program.strange");
    CHECK(form.commands[599].carrier == 598);
}

TEST_CASE("spans are ranges of the text, also for code in words") {
    const auto form = form_of_script("ls; sh -c 'rm x'");
    for (const auto& command : form.commands) {
        CHECK(command.span.begin < command.span.end);
        CHECK(command.span.end <= form.text.size());
    }
    REQUIRE(form.commands.size() == 3);
    CHECK(form.text.substr(form.commands[2].span.begin, form.commands[2].span.end - form.commands[2].span.begin) ==
          "'rm x'");
    CHECK(form.commands[2].carrier == 1);
}

TEST_CASE("each fact is listed, and each row of programs has sorted, sound tables") {
    for (const auto& fact : {"code.fetched", "socket.shell", "carries"}) CHECK(is_fact(fact));
    CHECK_FALSE(is_fact("code.stolen"));
    std::string_view last;
    for (const auto& row : program_rows()) {
        CAPTURE(row.name);
        CHECK(last < row.name);
        last = row.name;
        for (const auto& option : options_of(row))
            CHECK((option.effect.empty() || option.effect == "r" || option.effect == "s" || option.effect == "l" ||
                   option.effect == "end" || is_fact(option.effect)));
        const auto at = row.flags.find("fact=");
        if (at != std::string_view::npos) CHECK(is_fact(row.flags.substr(at + 5, row.flags.find(' ', at) - at - 5)));
    }
    CHECK(program_rows().size() > 500);
}
