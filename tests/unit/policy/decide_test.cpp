#include "forms.hpp"

using namespace owhale;
using namespace owhale::test;

namespace {

std::string allow(const std::string& conditions, const std::string& id = "ok") {
    return rule_text(conditions, id, "allow");
}

} // namespace

TEST_CASE("deny beats ask beats allow, over all commands") {
    const auto rules =
        load(rule_text("program = \"d\"", "d") + rule_text("program = \"a\"\nseverity = \"low\"", "a", "ask") +
             allow("program = \"*\"") + rule_text("program = \"b\"\nseverity = \"high\"", "b", "ask"));
    const auto verdict = [&](std::vector<SimpleCommand> commands) {
        return judge(*rules, form_of(std::move(commands)), project_facts(), Mode::local);
    };
    CHECK_EQ(verdict({command_of("x")}).decision, Decision::allow);
    CHECK_EQ(verdict({command_of("x")}).rule, "ok");
    CHECK_EQ(verdict({command_of("a"), command_of("x")}).rule, "a");
    CHECK_EQ(verdict({command_of("a"), command_of("b")}).rule, "b"); // what could go wrong counts before the place
    const auto denied = verdict({command_of("x"), command_of("a"), command_of("d")});
    CHECK_EQ(denied.decision, Decision::deny);
    CHECK_EQ(denied.rule, "d");
    CHECK_EQ(denied.segment, Span{10, 11});
    CHECK_EQ(denied.findings.front().rule->id, "d");
    CHECK_EQ(denied.findings.back().decision, Decision::allow);
    CHECK_EQ(denied.reason, "Why.");
}

TEST_CASE("local allows what no rule knows, without network; strict asks") {
    const auto rules = load(allow("program = \"ls\""));
    const auto local = verdict_on(rules, command_of("x"));
    CHECK_EQ(local.decision, Decision::allow);
    CHECK_EQ(local.rule, "default");
    CHECK_EQ(local.ceiling.net, "none");
    CHECK_FALSE(local.ceiling.read_only);
    const auto strict = verdict_on(rules, command_of("x"), Mode::strict);
    CHECK_EQ(strict.decision, Decision::ask);
    CHECK_EQ(strict.rule, "default");
    CHECK_EQ(verdict_on(rules, command_of("ls"), Mode::strict).decision, Decision::allow);
    const auto both = judge(*rules, form_of({command_of("ls"), command_of("x")}), project_facts(), Mode::strict);
    CHECK_EQ(both.decision, Decision::ask);
    CHECK_EQ(both.findings.front().command, 1);
    SimpleCommand assignment; // x=1
    CHECK_EQ(verdict_on(rules, assignment, Mode::strict).decision, Decision::allow);
}

TEST_CASE("what is not known: ask, skip, match; never a silent allow") {
    const auto unknown = with(command_of("cat"), Act::read, std::string(kHole));
    const std::string reads = "reads = [\"/etc/shadow\"]\n";
    const auto asked = verdict_on(load(rule_text(reads)), unknown);
    CHECK_EQ(asked.decision, Decision::ask);
    CHECK(asked.reason.find("known only when it runs") != std::string::npos);
    CHECK_EQ(verdict_on(load(rule_text(reads + "unknown = \"skip\"")), unknown).decision, Decision::allow);
    CHECK_EQ(verdict_on(load(rule_text(reads + "unknown = \"match\"")), unknown).decision, Decision::deny);
    CHECK_EQ(verdict_on(load(allow(reads)), unknown, Mode::strict).decision, Decision::ask);

    auto program = command_of("");
    program.argv = {{std::string(kHole), {}}};
    program.facts = {"program.unknown"};
    const auto everything = load(allow("program = [\"*\"]") + allow("fact = \"program.unknown\"", "fact"));
    for (const auto mode : {Mode::local, Mode::strict}) {
        CHECK_EQ(verdict_on(everything, program, mode).decision, Decision::ask);
        CHECK_EQ(verdict_on(everything, program, mode).rule, "program.unknown");
    }
    CHECK_EQ(verdict_on(load(allow("fact = \"program.unknown\"\noverrides = \"program.unknown\"")), program).decision,
             Decision::allow);

    auto option = command_of("rm");
    option.facts = {"option.unknown"};
    CHECK_EQ(verdict_on(load(rule_text("program = \"rm\"\noption = \"-r\"")), option).decision, Decision::ask);
    CHECK_EQ(verdict_on(load(allow("program = \"rm\"\nno_option = \"-r\"")), option, Mode::strict).decision,
             Decision::ask);

    // An exception to a rule to deny must surely be there: "rm -r $X" is no dry run because $X may be that option.
    CHECK_EQ(verdict_on(load(rule_text("program = \"rm\"\nno_option = \"--dry-run\"")), option).decision,
             Decision::deny);
    option.argv = {{"rm", {}}, {std::string(kHole), {}}};
    CHECK_EQ(verdict_on(load(rule_text("program = \"rm\"\nno_word = \"--dry-run\"")), option).decision, Decision::deny);

    // "build/$x" may be "build/../../x".
    const auto below = with(command_of("rm"), Act::remove, "/home/user/project/" + std::string(kHole));
    const auto inside = load(allow("program = \"rm\"\nwithin = \"@workspace\""));
    CHECK_EQ(verdict_on(inside, below, Mode::local).decision, Decision::allow);
    CHECK_EQ(verdict_on(inside, below, Mode::strict).decision, Decision::ask);
}

TEST_CASE("rules of one mode do not count in the other") {
    const auto rules = load(rule_text("program = \"x\"\nmodes = [\"strict\"]"));
    CHECK_EQ(verdict_on(rules, command_of("x")).decision, Decision::allow);
    CHECK_EQ(verdict_on(rules, command_of("x"), Mode::strict).decision, Decision::deny);
}

TEST_CASE("overrides: for the command that the rule surely matches, and nothing else") {
    const auto rules = load(rule_text("program = \"git\"", "publish.push") +
                            allow("program = \"git\"\nsub = \"push\"\noverrides = [\"publish.*\"]"));
    auto push = command_of("git"), gc = command_of("git");
    push.sub = "push";
    gc.sub = "gc";
    CHECK_EQ(verdict_on(rules, push).decision, Decision::allow);
    CHECK_EQ(verdict_on(rules, gc).decision, Decision::deny);
    CHECK_EQ(judge(*rules, form_of({push, gc}), project_facts(), Mode::local).decision, Decision::deny);
    const auto asks =
        load(rule_text("program = \"x\"", "d") + rule_text("program = \"x\"\noverrides = \"d\"", "a", "ask"));
    CHECK_EQ(verdict_on(asks, command_of("x")).rule, "a");
    // Of a circle the strictest stays, and what is overridden itself overrides nothing.
    for (const auto* circle : {"ask", "deny"}) {
        const auto both = load(rule_text("program = \"x\"\noverrides = \"b\"", "a", "ask") +
                               rule_text("program = \"x\"\noverrides = \"a\"", "b", circle));
        CHECK_EQ(judge(*both, form_of({command_of("x")}), project_facts(), Mode::local, "host").decision,
                 circle == std::string("deny") ? Decision::deny : Decision::ask);
    }
    const auto chain =
        load(rule_text("program = \"x\"", "c") + rule_text("program = \"x\"\noverrides = \"c\"", "b", "ask") +
             rule_text("program = \"x\"\noverrides = \"b\"", "a", "ask"));
    CHECK_EQ(verdict_on(chain, command_of("x")).rule, "c");
    // What may hold overrides nothing.
    const auto maybe =
        load(rule_text("program = \"cat\"", "d") + rule_text("reads = \"/x\"\noverrides = \"d\"", "a", "ask"));
    CHECK_EQ(verdict_on(maybe, with(command_of("cat"), Act::read, std::string(kHole))).rule, "d");
}

TEST_CASE("the host's network is asked for, unless a rule of the system's gives it") {
    const auto net = [](const Rules& rules, const char* asked) {
        return judge(*rules, form_of({command_of("x")}), project_facts(), Mode::local, asked);
    };
    const auto none = load(allow("program = \"y\""));
    CHECK_EQ(net(none, "none").decision, Decision::allow);
    CHECK_EQ(net(none, "host").decision, Decision::ask);
    CHECK_EQ(net(none, "host").rule, "net.host");
    const auto given = allow("program = \"x\"\nceiling = { net = \"host\" }");
    CHECK_EQ(net(load(given), "host").decision, Decision::allow);
    CHECK_EQ(net(load(given), "host").ceiling.net, "host");
    CHECK_EQ(net(load(given, Origin::shipped), "host").decision, Decision::ask);
    CHECK_EQ(net(load(allow("program = \"x\"\noverrides = \"net.host\"")), "host").decision, Decision::allow);
}

TEST_CASE("the ceiling is the narrowest of the rules that allowed") {
    const auto rules =
        load(allow("program = \"a\"\nceiling = { net = \"scoped\", hosts = [\"one\", \"two\"] }", "a") +
             allow("program = \"b\"\nceiling = { net = \"scoped\", hosts = [\"two\"], read_only = true }", "b") +
             allow("program = \"c\"\nceiling = { profile = \"readonly\" }", "c") +
             allow("program = \"d\"\nceiling = { profile = \"build\" }", "d"));
    const auto ceiling = [&](std::vector<SimpleCommand> commands) {
        return judge(*rules, form_of(std::move(commands)), project_facts(), Mode::local).ceiling;
    };
    CHECK_EQ(ceiling({command_of("a")}).net, "scoped");
    CHECK_EQ(ceiling({command_of("a"), command_of("c")}).net, "scoped");
    CHECK_EQ(ceiling({command_of("a"), command_of("b")}).hosts, std::vector<std::string>{"two"});
    CHECK(ceiling({command_of("a"), command_of("b")}).read_only);
    CHECK_EQ(ceiling({command_of("c")}).profile, "readonly");
    CHECK_EQ(ceiling({command_of("d"), command_of("c"), command_of("d")}).profile, "build");
    CHECK_EQ(ceiling({command_of("d"), command_of("c"), command_of("d")}).also, std::vector<std::string>{"readonly"});
    CHECK_EQ(ceiling({command_of("a"), command_of("x")}).net, "none"); // x is unknown: no network
}

TEST_CASE("what cannot be read is asked about in local, refused in strict; what is too big is refused") {
    const auto rules = load(allow("program = \"x\""));
    NormalForm form;
    form.text = "if";
    form.refused = Opaque{{0, 2}, "an `if` without its `fi`"};
    CHECK_EQ(judge(*rules, form, project_facts(), Mode::local).decision, Decision::ask);
    CHECK_EQ(judge(*rules, form, project_facts(), Mode::strict).decision, Decision::deny);
    CHECK_EQ(judge(*rules, form, project_facts(), Mode::local).rule, "syntax");
    form.too_big = true;
    CHECK_EQ(judge(*rules, form, project_facts(), Mode::local).decision, Decision::deny);
    CHECK_EQ(judge(*rules, form, project_facts(), Mode::local).rule, "bounds");
}
