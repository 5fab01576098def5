#include "cli/tree.hpp"

#include "checks.hpp"
#include "cli/commands/commands.hpp"
#include "cli/completions.hpp"

using namespace owhale;
using namespace owhale::cli;

namespace {

// A command line against a small tree of the same shape as owhalectl's.
struct Line {
    Tree tree{"ctl", "A tool"};
    std::string output = "table", run, lang, code;
    bool tty = false, quiet = false;
    std::vector<std::string> env, words, args, ids;
    std::string called;

    Line() {
        auto root = tree.root();
        root.option("-o,--output", output, "FORMAT", "format", Kind::choice, {"table", "json"});
        root.flag("-q,--quiet", quiet, "quiet");
        auto start = root.sub("run", "Run");
        start.flag("-t,--tty", tty, "terminal");
        start.options("-e,--env", env, "NAME", "variable");
        start.tail(words, "CMD", "command");
        start.handler([this](Context&) { return done("run"); }, Exits::like_run);
        auto join = root.sub("exec", "Exec");
        join.positional("RUN", run, "run", Kind::run_id);
        join.flag("-t,--tty", tty, "terminal");
        join.tail(words, "CMD", "command", 1);
        join.handler([this](Context&) { return done("exec"); }, Exits::like_run);
        auto program = root.sub("code", "Code");
        program.positional("LANG", lang, "language");
        program.option("-c", code, "TEXT", "text");
        program.tail(args, "FILE", "file", 1);
        program.handler([this](Context&) { return done("code"); });
        auto runs = root.sub("runs", "Runs");
        auto remove = runs.sub("rm", "Remove");
        remove.positionals("ID", ids, "ids");
        remove.handler([this](Context&) { return done("rm"); });
    }

    Result<int> done(const char* name) {
        called = name;
        return 0;
    }
    // "" or the error's message.
    std::string parse(const std::vector<std::string>& arguments) {
        const auto parsed = tree.parse(arguments);
        if (!parsed) return parsed.error().error.message;
        Globals globals;
        Context context(tree, globals);
        if (parsed->handler)
            static_cast<void>(parsed->handler(context));
        else
            called = "help";
        return "";
    }
};

using Words = std::vector<std::string>;

} // namespace

TEST_CASE("a command's own options are left to it") {
    Line line;
    REQUIRE(line.parse({"run", "git", "log", "--oneline", "-o", "x", "--", "-t"}).empty());
    CHECK(line.words == Words{"git", "log", "--oneline", "-o", "x", "--", "-t"});
    CHECK(!line.tty);
    CHECK(line.output == "table");
}

TEST_CASE("after -- everything is the command") {
    Line line;
    REQUIRE(line.parse({"run", "-te", "A=1", "--env=B=2", "-oyaml=", "--"}).find("yaml=") != std::string::npos);
    Line again;
    REQUIRE(again.parse({"run", "-te", "A=1", "--env=B=2", "-ojson", "--", "-x", "--", "y"}).empty());
    CHECK(again.words == Words{"-x", "--", "y"});
    CHECK(again.env == Words{"A=1", "B=2"});
    CHECK(again.tty);
    CHECK(again.output == "json");
}

TEST_CASE("-e takes one value, even one that looks like an option or a list") {
    Line line;
    REQUIRE(line.parse({"run", "-e", "-t", "-e", "[a,b]", "cmd"}).empty());
    CHECK(line.env == Words{"-t", "[a,b]"});
    CHECK(!line.tty);
}

TEST_CASE("options of the whole tool stand anywhere before the command") {
    Line line;
    REQUIRE(line.parse({"-q", "runs", "-o", "json", "rm", "a", "run", "--output", "table"}).empty());
    CHECK(line.quiet);
    CHECK(line.output == "table");
    CHECK(line.ids == Words{"a", "run"}); // a command's name is a word like any other here
}

TEST_CASE("positionals before the command") {
    Line line;
    REQUIRE(line.parse({"exec", "0190", "-t", "ls", "-t"}).empty());
    CHECK(line.run == "0190");
    CHECK(line.words == Words{"ls", "-t"});
    Line marked;
    REQUIRE(marked.parse({"exec", "0190", "--", "-x"}).empty());
    CHECK(marked.words == Words{"-x"});
    Line coded;
    REQUIRE(coded.parse({"code", "python", "-c", "print()", "-v", "x"}) == "ctl code has no option '-v'");
    REQUIRE(coded.parse({"code", "python", "-c", "print()", "x", "-v"}).empty());
    CHECK(coded.args == Words{"x", "-v"});
}

TEST_CASE("mistakes are named, and the nearest right thing too") {
    Line line;
    const auto wrong = line.tree.parse({"run", "--tyy", "ls"});
    REQUIRE(!wrong);
    CHECK(wrong.error().error.message == "ctl run has no option '--tyy'");
    CHECK(wrong.error().error.next.starts_with("did you mean --tty?"));
    CHECK(wrong.error().exits == Exits::like_run);
    CHECK(line.parse({"rnu", "ls"}) == "ctl has no command 'rnu'");
    CHECK(line.parse({"run", "-e"}) == "-e needs a value");
    CHECK(line.parse({"run", "--tty=yes", "ls"}) == "--tty takes no value");
    CHECK(line.parse({"-o", "yaml", "runs", "rm", "a"}).find("yaml") != std::string::npos);
    CHECK(line.parse({"runs", "rm"}).find("ID") != std::string::npos);
    CHECK(line.called.empty());
}

TEST_CASE("words from docker are accepted, or told what is used here instead") {
    Tree tree("owhalectl", "A tool");
    Globals globals;
    declare_all(tree.root(), globals);
    CHECK(tree.parse({"run", "-it", "--rm", "bash"}));
    CHECK(tree.parse({"run", "-p", "80:80", "ls"}));
    CHECK(tree.parse({"exec", "-it", "0190", "bash"}));
    CHECK(tree.parse({"-v", "run", "ls"}));
    CHECK(tree.parse({"run", "-v", "ls", "a:/b"}));
    const std::vector<std::pair<Words, std::string>> wrong = {
        {{"ps"}, "owhalectl runs ls"},
        {{"logs", "0190"}, "owhalectl runs logs"},
        {{"stop", "0190"}, "owhalectl runs kill"},
        {{"pull", "debian"}, "there are no images"},
        {{"run", "-v", "/a:/b", "ls"}, "--workspace"},
        {{"run", "-v/a:/b:ro", "ls"}, "--workspace"},
        {{"run", "-itv", "data:/b", "ls"}, "--workspace"},
        {{"run", "--volume", "/a:/b", "ls"}, "--workspace"},
        {{"run", "--name", "x", "ls"}, "named by its id"},
        {{"run", "-u", "root", "ls"}, "--as USER"},
        {{"code", "--network", "host", "python"}, "--net"},
        {{"exec", "-e", "A=1", "0190", "env"}, "env NAME=VALUE"},
        {{"runs", "ls", "-n", "3"}, "--limit"},
    };
    for (const auto& [words, next] : wrong) {
        const auto parsed = tree.parse(words);
        REQUIRE_MESSAGE(!parsed, words.back());
        CHECK_MESSAGE(parsed.error().error.next.find(next) != std::string::npos, parsed.error().error.next);
    }
}

TEST_CASE("help of every command of owhalectl, and completion for three shells, name all of them") {
    Tree tree("owhalectl", "A tool");
    Globals globals;
    declare_all(tree.root(), globals);
    const auto described = tree.describe();
    const auto scripts = {bash_completion(described), zsh_completion(described), fish_completion(described)};
    for (const auto& command : described.commands) {
        const auto help = tree.help({command.name});
        REQUIRE(help);
        CHECK(help->starts_with("Usage: owhalectl " + command.name));
        for (const auto& script : scripts) {
            CHECK(script.find(command.name) != std::string::npos);
            for (const auto& option : command.options)
                CHECK_MESSAGE(script.find(option.names.back().substr(2)) != std::string::npos, option.names.back());
        }
    }
    CHECK(!tree.help({"nothing"}));
}
