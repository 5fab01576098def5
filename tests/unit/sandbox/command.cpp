#include "sandbox/command.hpp"

#include <cstdio>
#include <fstream>

#include "checks.hpp"
#include "folder.hpp"

using namespace owhale;
using namespace owhale::sandbox;

namespace {

api::RunRequest argv(std::vector<std::string> words) {
    api::RunRequest request;
    request.argv = std::move(words);
    return request;
}

api::RunRequest script(std::string text) {
    api::RunRequest request;
    request.script = std::move(text);
    return request;
}

api::RunRequest code(std::string language, std::string text) {
    api::RunRequest request;
    request.language = std::move(language);
    request.code = std::move(text);
    return request;
}

} // namespace

TEST_CASE("argv is taken as it is") {
    const auto command = make_command(argv({"git", "log", "--", "a b", ""}));
    REQUIRE(command);
    CHECK_EQ(command->argv, std::vector<std::string>{"git", "log", "--", "a b", ""});
    CHECK_EQ(command->programs, std::vector<std::string>{"git"});
}

TEST_CASE("exactly one of argv, script and code") {
    api::RunRequest none;
    CHECK_EQ(make_command(none).error().code, Code::invalid_value);
    auto two = argv({"id"});
    two.script = "id";
    CHECK_EQ(make_command(two).error().code, Code::invalid_value);
    api::RunRequest half;
    half.language = "python";
    CHECK_EQ(make_command(half).error().code, Code::invalid_value);
}

TEST_CASE("limits of argv are told by name") {
    CHECK_EQ(make_command(argv({})).error().code, Code::invalid_value);
    CHECK_EQ(make_command(argv({""})).error().code, Code::invalid_value);
    CHECK_EQ(make_command(argv({"a", std::string("b\0c", 3)})).error().message, "argv[1] holds a NUL byte");
    CHECK(make_command(argv(std::vector<std::string>(10'000, "x"))));
    CHECK_EQ(make_command(argv(std::vector<std::string>(10'001, "x"))).error().message,
             "argv has more than 10,000 strings");
    CHECK(make_command(argv({"a", std::string(131'071, 'x')})));
    CHECK_FALSE(make_command(argv({"a", std::string(131'072, 'x')})));
    CHECK_FALSE(make_command(argv(std::vector<std::string>(20, std::string(120'000, 'x')))));
}

TEST_CASE("a script goes to a shell, however it begins and however long it is") {
    CHECK_EQ(make_command(script("echo hi"))->argv, std::vector<std::string>{"bash", "-c", "echo hi", "bash"});
    CHECK_EQ(make_command(script("-x"))->argv, std::vector<std::string>{"bash", "-c", "--", "-x", "bash"});
    auto with_args = script("echo $1");
    with_args.args = {"one"};
    CHECK_EQ(make_command(with_args)->argv, std::vector<std::string>{"bash", "-c", "echo $1", "bash", "one"});
    const auto longer = make_command(script(std::string(500'000, ' ') + "true"));
    REQUIRE(longer);
    CHECK_EQ(longer->argv, std::vector<std::string>{"bash", longer->file_path});
    CHECK_EQ(longer->file_text.size(), 500'004);
    CHECK_FALSE(make_command(script(std::string((1u << 20) + 1, ' '))));
    CHECK_FALSE(make_command(script("")));
}

TEST_CASE("a language that is unknown names the nearest") {
    const auto error = make_command(code("pyton", "1")).error();
    CHECK_EQ(error.code, Code::invalid_value);
    CHECK_EQ(error.next, "did you mean `python`?");
}

// What the argv means is what the interpreter does with it: each is run, short and through a file.
TEST_CASE("each language that is here runs its code, with arguments and exit code") {
    struct Row {
        const char *language, *text, *printed;
    };
    const test::Folder folder;
    for (const auto& [language, text, printed] : {
             Row{"python", "import sys\nprint(sys.argv[1])\nsys.exit(3)", "-one\n"},
             Row{"bash", "echo \"$1\"; exit 3", "-one\n"},
             Row{"perl", "print \"$ARGV[0]\\n\"; exit 3", "-one\n"},
             Row{"ruby", "puts ARGV[0]; exit 3", "-one\n"},
             Row{"javascript", "console.log(process.argv.at(-1)); process.exit(3)", "-one\n"},
             Row{"typescript", "const x: string = process.argv.at(-1)!; console.log(x); process.exit(3)", "-one\n"},
         }) {
        const auto* row = find_language(language);
        REQUIRE(row != nullptr);
        if (std::system(("command -v " + std::string(row->program) + " >/dev/null").c_str()) != 0 ||
            (!row->needs.empty() && ::access(std::string(row->needs).c_str(), X_OK) != 0)) {
            MESSAGE("skipped, not installed: " << language);
            continue;
        }
        for (const bool long_text : {false, true}) {
            CAPTURE(language);
            CAPTURE(long_text);
            const std::string filler = row->name == "javascript" || row->name == "typescript" ? "//" : "#";
            auto request = code(language, long_text ? text + ("\n" + filler + std::string(140'000, 'x')) : text);
            request.args = {"-one"};
            const auto command = make_command(request);
            REQUIRE(command);
            std::string line = "cd " + folder.path() + " && ";
            const auto quoted = [](const std::string& word) {
                std::string out = "'";
                for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
                return out + "'";
            };
            for (auto word : command->argv) {
                if (word == command->file_path && !word.empty()) {
                    word = folder / ("code" + std::string(row->extension));
                    std::ofstream(word) << command->file_text;
                }
                line += quoted(word) + " ";
            }
            FILE* pipe = ::popen(line.c_str(), "r");
            char buffer[256] = {};
            const auto n = ::fread(buffer, 1, sizeof buffer - 1, pipe);
            const int status = ::pclose(pipe);
            CHECK_EQ(std::string(buffer, n), printed);
            CHECK_EQ(WEXITSTATUS(status), 3);
        }
    }
}
