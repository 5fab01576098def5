#include <cstdlib>
#include <fstream>
#include <sstream>

#include "forms.hpp"
#include "policy/fields.hpp"
#include "policy/freeze.hpp"
#include "policy/normal/facts.hpp"

using namespace owhale;
using namespace owhale::test;

namespace {

constexpr std::string_view kHoleText = kHole;

std::string hole(std::string_view before = "", std::string_view after = "") {
    return std::string(before) + std::string(kHoleText) + std::string(after);
}

} // namespace

TEST_CASE("errors name file, line and column, and the nearest known word") {
    struct Row {
        std::string text, begins;
    };
    const std::string head = "[[rule]]\nid = \"a\"\ndecision = \"deny\"\nreason = \"R.\"\n";
    const std::string tail = "match = \"x\"\nno_match = \"y\"\n";
    const std::vector<Row> rows = {
        {head + "programs = \"rm\"\n" + tail, "x.toml:5:1: unknown key `programs`, did you mean `program`?"},
        {head + "program = 1\n" + tail, "x.toml:5:11: program: must be a string or a list of strings"},
        {head + "fact = [\"code.fetchd\"]\n" + tail,
         "x.toml:5:9: fact: there is no fact `code.fetchd`, did you mean `code.fetched`?"},
        {head + "program = \"rm\"\nmodes = [\"strct\"]\n" + tail,
         "x.toml:6:10: modes: there is no mode `strct`, did you mean `strict`?"},
        {head + "reads = [\"@homes/x\"]\n" + tail,
         "x.toml:5:10: reads: there is no set `@homes`, did you mean `@home`?"},
        {head + "program = \"@home\"\n" + tail, "x.toml:5:11: program: there is no set `@home`"},
        {head + "program = \"rm\"\noverrides = [\"b.*\"]\n" + tail, "x.toml:6:14: overrides: there is no rule `b.*`"},
        {head + tail, "x.toml:2:6: id: rule `a` has no condition"},
        {head + "except = [\"/x\"]\n" + tail, "x.toml:2:6: id: rule `a` has no condition"},
        {head + "program = \"rm\"\nmatch = \"x\"\n", "x.toml:1:1: a rule needs at least one example in `no_match`"},
        {head + "program = \"rm\"\nmatch = []\nno_match = \"y\"\n",
         "x.toml:6:9: a rule needs at least one example in `match`"},
        {"[[rule]]\nid = \"a\"\ndecision = \"deny\"\nprogram = \"rm\"\n" + tail,
         "x.toml:1:1: reason: rule `a` needs a reason"},
        {"[[rule]]\nid = \"a\"\ndecision = \"refuse\"\nreason = \"R.\"\n",
         "x.toml:3:12: decision: must be one of allow, ask, deny"},
        {"[[rule]]\nid = \"A b\"\n", "x.toml:2:6: id: a rule needs an id of small letters"},
        {"[[rule]]\nid = \"net.host\"\n", "x.toml:2:6: id: `net.host` is built in"},
        {head + "program = \"rm\"\n" + tail + head + "program = \"rm\"\n" + tail,
         "x.toml:8:1: the id `a` is taken: x.toml:1"},
        {"[rule]\nid = 1\n", "x.toml:1:1: rule: must be a list of tables: [[rule]]"},
        {"[sets]\nhome = [\"/x\"]\n", "x.toml:2:1: `@home` is built in"},
        {"[sets]\na = [\"@b\"]\nb = [\"@a\"]\n", "x.toml:3:6: the set `@a` holds itself"},
        {"[sets]\na = [\"@nothing\"]\n", "x.toml:2:6: there is no set `@nothing`"},
        {"[[rule]\n", "x.toml:1:8: "},
        {"\n a = \"\xff\"", "x.toml:2:7: TOML is UTF-8"},
        {"a = \"x\n[\xc3\xa9", "x.toml:"}, // an assertion of toml++ 3.3
        {"[a\xd1\x9c", "x.toml:1:"},       // a character that it takes for an impossible one
        {"\xc3\xa9 = 1", "x.toml:1:1: "},
        {head + "program = \"rm\"\nceiling = { net = \"all\" }\n" + tail,
         "x.toml:6:19: net: must be one of none, scoped, host"},
    };
    for (const auto& row : rows) {
        const auto error = load_error(row.text);
        CHECK_MESSAGE(error.starts_with(row.begins), error, " instead of ", row.begins);
    }
    CHECK(load_error(std::string(kMaxRuleFile + 1, '\n')).find("more than 1 MiB") != std::string::npos);
}

TEST_CASE("a project's file can only narrow") {
    CHECK(load_error(std::string(kMaxProjectFile + 1, '\n'), Origin::project).find("more than 64 KiB") !=
          std::string::npos);
    std::string loop = "true";
    for (int i = 0; i < 3'000; ++i) loop += ";true";
    const auto many =
        "[[rule]]\nid = \"a\"\ndecision = \"deny\"\nreason = \"R.\"\nprogram = \"x\"\nmatch = \"x\"\nno_match = [\"" +
        loop + "\", \"" + loop + "; " + loop + "\"]\n";
    CHECK_EQ(load_error(many, Origin::system, Verify::added), "");
    CHECK(load_error(many, Origin::project, Verify::added).find("too many commands") != std::string::npos);
    CHECK(load_error(rule_text("program = \"x\"", "a", "ask"), Origin::project).empty());
    CHECK(load_error(rule_text("program = \"x\"", "a", "allow"), Origin::project).find("can only narrow") !=
          std::string::npos);
    CHECK(load_error(rule_text("program = \"x\"\noverrides = [\"net.host\"]"), Origin::project)
              .find("overrides nothing") != std::string::npos);
    const Source system{"s.toml", "[sets]\nsafe = [\"ls\"]\n", Origin::system, {}};
    const auto shadowed = load_rules({system, {"p.toml", "[sets]\nsafe = [\"rm\"]\n", Origin::project, {}}});
    REQUIRE_FALSE(shadowed);
    CHECK(shadowed.error().message.starts_with("p.toml:2:1: `@safe` is a set already"));
    CHECK(load_rules({system, {"p.toml", "[sets]\nmine = [\"@safe\"]\n", Origin::project, {}}}));
}

TEST_CASE("an administrator's set replaces a shipped one, and may hold it") {
    const Source shipped{"a", "[sets]\nlist = [\"one\"]\n" + rule_text("program = \"@list\""), Origin::shipped, {}};
    const auto rules =
        load_rules({shipped, {"b", "[sets]\nlist = [\"@list\", \"two\"]\n", Origin::system, {}}}, Verify::none);
    REQUIRE(rules);
    CHECK_EQ((*rules)->sets.at("@list"), std::vector<std::string>{"one", "two"});
    CHECK_EQ(verdict_on(*rules, command_of("two")).decision, Decision::deny);
    CHECK_EQ(verdict_on(*rules, command_of("three")).decision, Decision::allow);
}

TEST_CASE("frozen rules are the same rules") {
    const auto text = "[sets]\nkeys = [\"~/.ssh/**\", \"@home/.aws\"]\n" +
                      rule_text("program = [\"cat\", \"c*\"]\nreads = [\"@keys\"]\nrecursive = false\nunknown = "
                                "\"skip\"\nceiling = { net = "
                                "\"scoped\", hosts = [\"a\"] }");
    const auto rules = load_rules({{"x.toml", text, Origin::shipped, {}}}, Verify::none);
    REQUIRE(rules);
    const auto bytes = freeze(**rules);
    const auto again = load_rules({{"shipped", {}, Origin::shipped, bytes}});
    REQUIRE(again);
    CHECK_EQ(freeze(**again).size(), bytes.size());
    const auto& rule = (*again)->rules.at(0);
    CHECK_EQ(rule.program, std::vector<std::string>{"cat", "c*"});
    CHECK_EQ(rule.recursive, std::optional(false));
    CHECK_EQ(rule.unknown, Unknown::skip);
    CHECK_EQ(rule.ceiling.hosts, std::vector<std::string>{"a"});
    CHECK_EQ(rule.match.at(0).command, "true");
    CHECK_EQ(verdict_on(*again, with(command_of("cat"), Act::read, "/home/user/.ssh/id")).rule, "r");
    for (std::size_t size = 0; size < bytes.size(); ++size) CHECK_FALSE(thaw(bytes.substr(0, size)));
}

TEST_CASE("the version changes when a rule does") {
    const auto one = load(rule_text("program = \"x\"")), two = load(rule_text("program = \"y\""));
    CHECK_EQ(one->version.size(), 64);
    CHECK(one->version != two->version);
    CHECK_EQ(one->version, load(rule_text("program = \"x\""))->version);
}

TEST_CASE("paths: anchors, patterns, folders above and unknown parts") {
    struct Row {
        std::string pattern, path;
        bool recursive;
        Decision decision;
    };
    const std::vector<Row> rows = {
        {"/etc/passwd", "/etc/passwd", false, Decision::deny},
        {"/etc/passwd", "/etc", true, Decision::deny},
        {"/etc/passwd", "/", true, Decision::deny},
        {"/etc/passwd", "/etc", false, Decision::allow},
        {"/etc/passwd", "/etcetera", true, Decision::allow},
        {"/etc/*", "/etc/a/b", false, Decision::allow},
        {"/etc/**", "/etc/a/b", false, Decision::deny},
        {"/etc/**", "/etc", false, Decision::deny},
        {"/etc/**", "/etc2", false, Decision::allow},
        {"~/**", "/home/user", false, Decision::deny},
        {"/etc", "/etc/a", false, Decision::allow},
        {"~/.ssh/**", "/home/user/.ssh/id", false, Decision::deny},
        {"~/.ssh/**", "/home/other/.ssh/id", false, Decision::allow},
        {"@home/.ssh/**", "/home/other/.ssh/id", false, Decision::deny},
        {"@home/.ssh/**", "/root/.ssh/id", false, Decision::deny},
        {"@home/.ssh/**", "/home", true, Decision::deny},
        {"@home", "/home/user", false, Decision::deny},
        {"@home", "/home/user/x/y", false, Decision::deny},
        {"@home", "/homes/user", false, Decision::allow},
        {"@workspace", "/home/user/project/a", false, Decision::deny},
        {"@workspace", "/home/user/project", false, Decision::deny},
        {"@workspace", "/home/user/project2", false, Decision::allow},
        {"@workspace", "/home/user", true, Decision::deny},
        {"./.git/hooks/**", "/home/user/project/.git/hooks/x", false, Decision::deny},
        {"src/*.c", "/home/user/project/src/a.c", false, Decision::deny},
        {"@tmp", "/var/tmp/x", false, Decision::deny},
        {"@tmp/x", "/dev/shm/x", false, Decision::deny},
        {"**/.env", "/home/user/project/a/.env", false, Decision::deny},
        {"**/.env", "/home/user/project", true, Decision::allow}, // about files that are named
        {"./**/.git/config", "/home/user/project/build", true, Decision::allow},
        {"./**/.git/config", "/home/user/project", true, Decision::deny},
        {"/etc/shadow", hole("/etc/"), false, Decision::ask},
        {"/etc/shadow", hole("/usr/"), false, Decision::allow},
        {"/etc/shadow", hole(), false, Decision::ask},
        {"~/.ssh/id", hole("/home/user/.ss"), false, Decision::ask},
        {"~/.ssh/id", hole("/ho", "/.ssh/id"), false, Decision::ask},
        {"@home/.ssh/id", hole("/home/", "/.ssh/id"), false, Decision::ask},
        {"@home/.ssh/id", "/home/" + std::string(kAnyName) + "/.ssh/id", false, Decision::deny},
    };
    for (const auto& row : rows) {
        const auto decision =
            decided("reads = [\"" + row.pattern + "\"]", with(command_of("cat"), Act::read, row.path, row.recursive));
        CHECK_MESSAGE(decision == row.decision, row.pattern, " and ", shown(row.path),
                      row.recursive ? " recursive" : "");
    }
}

TEST_CASE("a path behind a link counts as well as the link") {
    auto facts = project_facts();
    facts.real["/home/user/project/x"] = "/home/user/.ssh/id";
    const auto read = form_of({with(command_of("cat"), Act::read, "/home/user/project/x")});
    CHECK_EQ(judge(*load(rule_text("reads = [\"~/.ssh/**\"]")), read, facts, Mode::local).decision, Decision::deny);
    CHECK_EQ(judge(*load(rule_text("reads = [\"**\"]\nexcept = [\"@workspace\"]")), read, facts, Mode::local).decision,
             Decision::deny);
}

TEST_CASE("acts: each field is about its own, touches about all but list") {
    const auto is = [](const std::string& field, Act act) {
        return decided(field + " = [\"/x\"]", with(command_of("p"), act, "/x")) == Decision::deny;
    };
    CHECK(is("reads", Act::read));
    CHECK(is("lists", Act::list));
    CHECK(is("writes", Act::write));
    CHECK(is("removes", Act::remove));
    CHECK(is("changes", Act::change));
    CHECK(is("executes", Act::execute));
    CHECK(is("mounts", Act::mount));
    CHECK_FALSE(is("writes", Act::remove));
    CHECK(is("touches", Act::mount));
    CHECK_FALSE(is("touches", Act::list));
    CHECK_FALSE(is("sends", Act::read));
    auto sent = with(command_of("curl"), Act::read, "/x");
    sent.accesses[0].sent = true;
    CHECK_EQ(decided("sends = [\"/x\"]", sent), Decision::deny);
}

TEST_CASE("except, within and recursive") {
    const std::string outside = "removes = [\"/**\"]\nexcept = [\"@workspace\", \"@tmp\"]";
    CHECK_EQ(decided(outside, with(command_of("rm"), Act::remove, "/home/user/project/b", true)), Decision::allow);
    CHECK_EQ(decided(outside, with(command_of("rm"), Act::remove, "/home/user/projects", true)), Decision::deny);
    CHECK_EQ(decided(outside, with(command_of("rm"), Act::remove, "/home", true)), Decision::deny);
    CHECK_EQ(decided(outside, with(command_of("rm"), Act::remove, hole(), true)), Decision::ask);
    auto two = with(with(command_of("rm"), Act::remove, "/tmp/a"), Act::remove, "/opt/b");
    CHECK_EQ(decided(outside, two), Decision::deny);
    CHECK_EQ(decided("program = \"rm\"\nwithin = [\"@tmp\"]", two), Decision::allow);
    CHECK_EQ(decided("program = \"rm\"\nwithin = [\"@tmp\", \"/opt/*\"]", two), Decision::deny);
    CHECK_EQ(decided("program = \"rm\"\nwithin = [\"@tmp\"]", with(command_of("rm"), Act::remove, "/tmp", true)),
             Decision::deny);
    CHECK_EQ(decided("program = \"rm\"\nwithin = [\"/tmp\"]", with(command_of("rm"), Act::remove, "/tmp", true)),
             Decision::allow);
    CHECK_EQ(decided("recursive = true\nremoves = [\"/x\"]", with(command_of("rm"), Act::remove, "/x")),
             Decision::allow);
    CHECK_EQ(decided("recursive = true\nremoves = [\"/x\"]", with(command_of("rm"), Act::remove, "/x", true)),
             Decision::deny);
    CHECK_EQ(decided("recursive = false\nremoves = [\"/x\"]", with(command_of("rm"), Act::remove, "/x")),
             Decision::deny);
}

TEST_CASE("words: program, sub, options, operands, environment, pipelines") {
    auto git = command_of("git", {"push", "--force", "--exec=/bin/sh", "origin"});
    git.sub = "push";
    git.options = {{"--force", std::nullopt, {}}, {"--exec", Value{"/bin/sh", {}}, {}}};
    git.operands = {{"origin", {}}, {"main", {}}};
    git.env = {{"LD_PRELOAD", {"/tmp/x.so", {}}}};
    git.via = {"sudo", "xargs"};
    git.unknown_variables = {"GITHUB_TOKEN"};
    const auto holds = [&](const std::string& conditions) { return decided(conditions, git) == Decision::deny; };
    for (const auto* yes :
         {"program = \"g?t\"", "program = [\"a\", \"git\"]\nsub = \"pu*\"", "option = [\"-f\", \"--force\"]",
          "option = \"--exec=*\"", "option = \"--exec=/bin/*\"", "option_all = [\"--force\", \"--exec\"]",
          "program = \"git\"\nno_option = \"-n\"", "operand = \"ma*\"", "operands = [\"origin\", \"m*\"]",
          "word = \"/bin/sh\"", "word = \"--exec=*\"", "program = \"git\"\nno_word = \"pull\"",
          "env = \"LD_PRELOAD=*\"", "via = \"sudo\"", "program = \"git\"\nno_via = \"ssh\"", "variable = \"*TOKEN*\"",
          "program = \"git\"\nno_env = \"PATH=*\"", "no_program = \"svn\""})
        CHECK_MESSAGE(holds(yes), yes);
    for (const auto* no :
         {"program = \"gi\"", "sub = \"pull\"", "option = \"-f\"", "option = \"--force=*\"",
          "option_all = [\"--force\", \"-x\"]", "program = \"git\"\nno_option = \"--f*\"", "operands = [\"main\"]",
          "operands = [\"origin\", \"main\", \"x\"]", "word = \"git\"", "no_word = \"push\"", "env = \"PATH=*\"",
          "via = \"ssh\"", "no_via = \"sudo\"", "variable = \"X\"", "no_program = \"git\""})
        CHECK_MESSAGE(!holds(no), no);

    auto curl = command_of("curl"), sh = command_of("sh");
    auto form = form_of({curl, sh});
    form.commands[1].pipeline = 0;
    form.commands[1].stage = 1;
    const auto piped = judge(*load(rule_text("program = \"sh\"\nfrom = \"curl\"")), form, project_facts(), Mode::local);
    CHECK_EQ(piped.decision, Decision::deny);
    CHECK_EQ(piped.findings.at(0).command, 1);
    CHECK_EQ(judge(*load(rule_text("program = \"sh\"\ninto = \"curl\"")), form, project_facts(), Mode::local).decision,
             Decision::allow);
    CHECK_EQ(judge(*load(rule_text("program = \"curl\"\ninto = \"sh\"")), form, project_facts(), Mode::local).decision,
             Decision::deny);
}

TEST_CASE("hosts: names in either case, ports, exceptions, and those that are not known") {
    const auto holds = [](const std::string& conditions, SimpleCommand command) {
        return decided(conditions, std::move(command));
    };
    CHECK_EQ(holds("host = \"*.Example.org\"", to_host(command_of("curl"), "a.EXAMPLE.org")), Decision::deny);
    CHECK_EQ(holds("host = \"example.org\"", to_host(command_of("curl"), "")), Decision::ask);
    CHECK_EQ(holds("host = \"*\"", to_host(command_of("curl"), "")), Decision::deny);
    CHECK_EQ(holds("connects = true", command_of("curl")), Decision::allow);
    CHECK_EQ(holds("connects = true\nexcept_host = \"localhost\"", to_host(command_of("curl"), "localhost")),
             Decision::allow);
    CHECK_EQ(holds("connects = true\nexcept_host = \"localhost\"", to_host(command_of("curl"), "")), Decision::deny);
    CHECK_EQ(holds("program = \"curl\"\nconnects = false", command_of("curl")), Decision::deny);
    CHECK_EQ(holds("sends_data = true", to_host(command_of("curl"), "a")), Decision::allow);
    CHECK_EQ(holds("sends_data = true", to_host(command_of("curl"), "a", true)), Decision::deny);
    auto listening = to_host(command_of("nc"), "0.0.0.0");
    listening.hosts[0].listens = true;
    listening.hosts[0].port = "4444";
    CHECK_EQ(holds("connects = true", listening), Decision::allow);
    CHECK_EQ(holds("listens = true", listening), Decision::deny);
    CHECK_EQ(holds("listens = true\nhost = \"*:4444\"", listening), Decision::deny);
    CHECK_EQ(holds("listens = true\nexcept_host = \"0.0.0.0\"", listening), Decision::deny); // all addresses
    CHECK_EQ(holds("host = \"*\"", listening), Decision::allow);
    auto agreed = to_host(command_of("curl"), "a");
    CHECK_EQ(holds("connects = true\nagreed = false", agreed), Decision::deny);
    CHECK_EQ(holds("agreed = true", agreed), Decision::allow);
    agreed.hosts[0].agreed = true;
    CHECK_EQ(holds("connects = true\nagreed = false", agreed), Decision::allow);
    CHECK_EQ(holds("agreed = true", agreed), Decision::deny);
    CHECK_EQ(holds("connects = true", agreed), Decision::deny);
    auto another = to_host(agreed, "b"); // beside it
    CHECK_EQ(holds("connects = true\nagreed = false", another), Decision::deny);
    CHECK_EQ(holds("host = \"a\"\nagreed = false", another), Decision::allow);
    CHECK_EQ(holds("host = \"b\"\nagreed = false", another), Decision::deny);
}

TEST_CASE("code, calls and facts") {
    auto python = command_of("python3");
    python.code = {{"python", {"import os\nos.system('id')", {}}, {"os.system"}}};
    python.facts = {"background", "code.unknown"};
    const auto holds = [&](const std::string& conditions) { return decided(conditions, python) == Decision::deny; };
    CHECK(holds("language = \"python\"\ncall = [\"*.system\"]"));
    CHECK(holds("code = \"*os.system*\""));
    CHECK(holds("fact = [\"code.unknown\", \"code.fetched\"]"));
    CHECK_FALSE(holds("language = \"perl\""));
    CHECK_FALSE(holds("call = \"system\""));
    CHECK_FALSE(holds("program = \"python3\"\nno_code = \"*system*\""));
    CHECK_FALSE(holds("program = \"python3\"\nno_fact = \"background\""));
}

TEST_CASE("patterns say what match_glob says") {
    const std::vector<std::string> pieces = {"a", "b", "/", "*", "**", "?",         "{a,b/}", "[a-b]",
                                             ".", "{", ",", "}", "[",  "{a*,{b,}}", "{[}"},
                                   texts = {"a", "b", "/", "ab", ".", "[", "{", ","};
    std::uint32_t random = 7;
    const auto next = [&](std::size_t below) { return (random = random * 1664525U + 1013904223U) / 65536U % below; };
    for (int i = 0; i < 20'000; ++i) {
        std::string pattern, text;
        for (auto left = next(7); left > 0; --left) pattern += pieces[next(pieces.size())];
        for (auto left = next(8); left > 0; --left) text += texts[next(texts.size())];
        if (next(3) == 0) text.insert(next(text.size() + 1), next(2) == 0 ? kHole : kAnyName);
        REQUIRE_MESSAGE(Pattern::path(pattern).match(text) == match_glob(pattern, text), pattern, " and ", shown(text));
    }
}

TEST_CASE("the manual names every field, fact and limit, and its example holds") {
    const char* top = std::getenv("OWHALE_SOURCE");
    REQUIRE(top != nullptr);
    std::ostringstream text;
    text << std::ifstream(std::string(top) + "/man/owhaled-policy.5.scd").rdbuf();
    const auto page = text.str();
    for (const auto& field : kLists)
        CHECK_MESSAGE(page.find("*" + std::string(field.name) + "*") != std::string::npos, field.name);
    for (const auto& field : kFlags)
        CHECK_MESSAGE(page.find("*" + std::string(field.name) + "*") != std::string::npos, field.name);
    for (const auto& fact : kFacts)
        CHECK_MESSAGE(page.find("*" + std::string(fact.name) + "*") != std::string::npos, fact.name);
    for (const auto& rule : kBuiltIn)
        CHECK_MESSAGE(page.find("*" + std::string(rule) + "*") != std::string::npos, rule);
    const auto begin = page.find("```\n[[rule]]") + 4;
    CHECK_EQ(load_error(page.substr(begin, page.find("```", begin) - begin), Origin::system, Verify::all), "");
}
