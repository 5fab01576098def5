#include "approvals/template.hpp"

#include <random>

#include "checks.hpp"

using namespace owhale;
using namespace owhale::approvals;

namespace {

constexpr Folder kFolder{"/home/u/p/sub", "/home/u/p"};
using Words = std::vector<std::string>;

bool fits(const Words& like, const Words& argv, Folder folder = kFolder) {
    const auto wanted = parse_template(like);
    REQUIRE(wanted.has_value());
    return match(*wanted, argv, folder).has_value();
}

} // namespace

TEST_CASE("words are themselves, places take one argument each") {
    CHECK(fits({"git", "tag", "<word>"}, {"git", "tag", "v1.2"}));
    CHECK(fits({"kill", "<number>"}, {"kill", "4711"}));
    CHECK(fits({"rm", "<path>"}, {"rm", "build/x.o"}));
    CHECK_FALSE(fits({"git", "tag", "<word>"}, {"git", "tag"}));
    CHECK_FALSE(fits({"git", "tag", "<word>"}, {"git", "tag", "a", "b"}));
    CHECK_FALSE(fits({"git", "tag", "<word>"}, {"git", "push", "a"}));
    CHECK_FALSE(fits({"git", "tag", "<word>"}, {"git", "tag", ""}));
}

TEST_CASE("no place takes what may be an option") {
    for (const auto* argument : {"-d", "--delete", "-", "--", "+x", "@file", "\x01", "a\nb", ""}) {
        CAPTURE(argument);
        CHECK_FALSE(fits({"git", "tag", "<word>"}, {"git", "tag", argument}));
        CHECK_FALSE(fits({"git", "tag", "<path>"}, {"git", "tag", argument}));
        CHECK_FALSE(fits({"git", "tag", "<number>"}, {"git", "tag", argument}));
    }
    for (const auto* argument : {"-1", "1e3", "0x10", "1 ", " 1", "1.5", "1234567890123456789"})
        CHECK_FALSE(fits({"kill", "<number>"}, {"kill", argument}));
}

TEST_CASE("a path stays in the workspace") {
    struct Row {
        const char* argument;
        const char* path; // "" refused
    };
    for (const auto& [argument, path] :
         {Row{"x", "/home/u/p/sub/x"}, Row{"./x/./y", "/home/u/p/sub/x/y"}, Row{"../x", "/home/u/p/x"},
          Row{"/home/u/p/a", "/home/u/p/a"}, Row{"../../x", ""}, Row{"../../../../etc/passwd", ""},
          Row{"/home/u/p", ""}, Row{"..", ""}, Row{".", "/home/u/p/sub"}, Row{"/home/u/pq/x", ""},
          Row{"/etc/passwd", ""}, Row{"x/../../../../etc", ""}, Row{"x/..", ""}, Row{"/home/u/p/../q", ""},
          Row{"~", ""}, Row{"~/x", ""}, Row{"host:x", ""}, Row{"a:b", ""}, Row{"//home//u/p//a", "/home/u/p/a"}}) {
        CAPTURE(argument);
        CHECK(inside(argument, kFolder).value_or("") == path);
    }
    CHECK_FALSE(inside("x", {"/home/u/p", ""}));
    CHECK_FALSE(inside("x", {"/", "/"}));
}

TEST_CASE("what is no template is refused") {
    for (const Words& like :
         {Words{}, Words{"<word>", "x"}, Words{"rm", "*"}, Words{"rm", "<any>"}, Words{"rm", "a<path>"},
          Words{"rm", "<path>/x"}, Words{"rm", std::string(5000, 'x')}, Words(300, "x"), Words(20, "<word>")}) {
        const auto parsed = parse_template(like);
        CHECK_FALSE(parsed.has_value());
    }
    CHECK(parse_template({"grep", "<", ">", "a<b"}).has_value());
}

TEST_CASE("property: a template never takes an argv with one more option, wherever it stands") {
    std::mt19937 random(20261126);
    const Words vocabulary = {"a", "b.txt", "dir/x", "7", "v1.0", "--all", "-x", "name=value", "../up", "/home/u/p/q"};
    const Words options = {"-f", "--force", "-rf", "--exec=sh", "-", "--", "-o", "+x", "@f"};
    const auto pick = [&](const Words& from) { return from[random() % from.size()]; };
    for (int round = 0; round < 20'000; ++round) {
        Words argv{"tool"}, like{"tool"};
        for (std::size_t i = 0, count = random() % 6; i < count; ++i) {
            argv.push_back(pick(vocabulary));
            const auto& word = argv.back();
            Words could{word};
            if (is_word(word)) could.emplace_back("<word>");
            if (is_number(word)) could.emplace_back("<number>");
            if (inside(word, kFolder)) could.emplace_back("<path>");
            like.push_back(pick(could));
        }
        REQUIRE(fits(like, argv));
        auto longer = argv;
        longer.insert(longer.begin() + 1 + static_cast<std::ptrdiff_t>(random() % argv.size()), pick(options));
        CHECK_FALSE(fits(like, longer));
        if (argv.size() < 2) continue;
        // Nor in the place of another word, unless that very option stands there.
        auto swapped = argv;
        const auto at = 1 + random() % (argv.size() - 1);
        swapped[at] = pick(options);
        CHECK(fits(like, swapped) == (like[at] == swapped[at]));
    }
}
