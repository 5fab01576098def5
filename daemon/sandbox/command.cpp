#include "sandbox/command.hpp"

#include <array>

#include "sandbox/record.hpp"
#include "shared/nearest.hpp"

namespace owhale::sandbox {
namespace {

constexpr std::array kLanguages = {
    Language{"python", "python3", "python3", ".py", "", ""},
    Language{"javascript", "node", "nodejs", ".js", "", ""},
    Language{"typescript", "node", "nodejs", ".ts", "/usr/bin/esbuild", "esbuild"},
    Language{"bash", "bash", "bash", ".sh", "", ""},
    Language{"perl", "perl", "perl", ".pl", "", ""},
    Language{"ruby", "ruby", "ruby", ".rb", "", ""},
};

// Runs a file as if its text had been given by -c: imports are found from the working folder, traces name the file.
constexpr std::string_view kPythonFile =
    "import sys;p=sys.argv.pop(1);sys.argv[0]=p;exec(compile(open(p,'rb').read(),p,'exec'))";
// A CommonJS module that stands in the working folder, so that require() finds what it would find there. TypeScript
// goes through esbuild first; its inline source map lets traces name the lines that were written.
constexpr std::string_view kNodeFile = R"JS(
const { readFileSync } = require('fs'), { spawnSync } = require('child_process'), Module = require('module');
const file = process.argv[1], at = process.cwd() + '/' + file.split('/').pop();
let text = readFileSync(file, 'utf8');
if (file.endsWith('.ts')) {
  const made = spawnSync('/usr/bin/esbuild', ['--loader=ts', '--format=cjs', '--platform=node', '--target=node18',
    '--sourcemap=inline', '--sourcefile=' + at, '--log-level=warning'],
    { input: text, encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['pipe', 'pipe', 'inherit'] });
  if (made.error) throw made.error;
  if (made.status !== 0) process.exit(made.status ?? 1);
  text = made.stdout;
}
process.argv[1] = at;
const main = new Module(at, null);
main.filename = at; main.paths = Module._nodeModulePaths(process.cwd()); process.mainModule = main;
main._compile(text, at);
)JS";

bool has_nul(std::string_view text) {
    return text.find('\0') != std::string_view::npos;
}

Status check_text(const std::string& text, std::string_view what) {
    if (text.empty()) return fail(Code::invalid_value, std::string(what) + " is empty");
    if (text.size() > kMaxText) return fail(Code::invalid_value, std::string(what) + " is longer than 1 MiB");
    if (has_nul(text)) return fail(Code::invalid_value, std::string(what) + " holds a NUL byte");
    return {};
}

void add(std::vector<std::string>& to, const std::optional<std::vector<std::string>>& args) {
    if (args) to.insert(to.end(), args->begin(), args->end());
}

// A text that begins with a sign would be read as an option.
std::vector<std::string> shell_argv(std::string shell, const std::string& text) {
    std::vector<std::string> argv = {std::move(shell), "-c"};
    if (text.starts_with('-') || text.starts_with('+')) argv.emplace_back("--");
    argv.push_back(text);
    return argv;
}

void put_in_file(Command& command, std::string_view extension, const std::string& text) {
    command.file_path = "/run/owhale/code" + std::string(extension);
    command.file_text = text;
}

Result<Command> script_command(const api::RunRequest& request) {
    const auto& text = *request.script;
    CHECK(check_text(text, "script"));
    Command command;
    command.programs = {"/bin/bash", "/bin/sh"};
    command.shown = shell_argv("bash", text);
    if (text.size() > kMaxOneArgument) {
        put_in_file(command, ".sh", text);
        command.argv = {"bash", command.file_path};
    } else {
        command.argv = command.shown;
        command.argv.emplace_back("bash");
    }
    add(command.argv, request.args);
    if (request.args && !request.args->empty()) {
        command.shown.emplace_back("bash");
        add(command.shown, request.args);
    }
    return command;
}

std::vector<std::string> code_argv(const Language& language, const std::string& text) {
    const std::string program(language.program);
    if (language.name == "bash") {
        auto argv = shell_argv(program, text);
        argv.push_back(program);
        return argv;
    }
    if (language.name == "python") return {program, "-c", text};
    if (language.name == "javascript") return {program, "--eval=" + text, "--", "[eval]"}; // argv[1], as a file has it
    return {program, "-e", text, "--"};
}

std::vector<std::string> file_argv(const Language& language, const std::string& file) {
    const std::string program(language.program);
    if (language.name == "python") return {program, "-c", std::string(kPythonFile), file};
    if (language.name == "typescript")
        return {program, "--enable-source-maps", "--eval=" + std::string(kNodeFile), "--", file};
    if (language.name == "javascript") return {program, "--eval=" + std::string(kNodeFile), "--", file};
    return {program, file};
}

Result<const Language*> language_of(const std::string& name) {
    if (const auto* language = find_language(name)) return language;
    std::vector<std::string_view> names;
    for (const auto& language : kLanguages) names.push_back(language.name);
    const auto near = nearest(name, names);
    return fail(Code::invalid_value, "language: there is no `" + printable(name.substr(0, 60)) + "`",
                !near ? "one of python, javascript, typescript, bash, perl, ruby"
                      : "did you mean `" + std::string(*near) + "`?");
}

Result<Command> code_command(const api::RunRequest& request) {
    const auto* language = TRY(language_of(*request.language));
    CHECK(check_text(*request.code, "code"));
    Command command;
    command.language = language;
    command.is_code = true;
    command.programs = {std::string(language->program)};
    command.shown = {std::string(language->program), "-c", *request.code};
    // Room for "--eval=" in the one argument.
    if (request.code->size() + 8 > kMaxOneArgument || language->name == "typescript") {
        put_in_file(command, language->extension, *request.code);
        command.argv = file_argv(*language, command.file_path);
    } else {
        command.argv = code_argv(*language, *request.code);
    }
    add(command.argv, request.args);
    add(command.shown, request.args);
    return command;
}

Result<Command> argv_command(const api::RunRequest& request) {
    if (request.args) return fail(Code::invalid_value, "args: only with script or code", "put them into argv");
    CHECK(check_arguments(*request.argv, "argv"));
    if (request.argv->front().empty()) return fail(Code::invalid_value, "argv[0] is empty: it names the program");
    Command command;
    command.argv = command.shown = *request.argv;
    command.programs = {request.argv->front()};
    return command;
}

} // namespace

const Language* find_language(std::string_view name) {
    for (const auto& language : kLanguages)
        if (language.name == name) return &language;
    return nullptr;
}

Status check_arguments(const std::vector<std::string>& argv, std::string_view what) {
    const std::string name(what);
    if (argv.empty()) return fail(Code::invalid_value, name + " is empty: its first string names the program");
    if (argv.size() > kMaxArguments) return fail(Code::invalid_value, name + " has more than 10,000 strings");
    std::size_t total = 0;
    for (std::size_t i = 0; i < argv.size(); ++i) {
        const auto at = name + "[" + std::to_string(i) + "]";
        if (has_nul(argv[i])) return fail(Code::invalid_value, at + " holds a NUL byte");
        if (argv[i].size() > kMaxOneArgument)
            return fail(Code::invalid_value,
                        at + " is longer than 131071 bytes, the most that Linux takes in one argument",
                        "pass it on stdin or in a file");
        total += argv[i].size() + 1;
    }
    if (total > kMaxArgumentBytes) return fail(Code::invalid_value, name + " is longer than 2 MiB in total");
    return {};
}

Status check_environment(const std::map<std::string, std::string>& env) {
    std::size_t total = 0;
    for (const auto& [name, value] : env) {
        if (name.empty() || has_nul(name) || name.find('=') != std::string::npos)
            return fail(Code::invalid_value, "env: a name is empty or holds `=` or NUL");
        if (has_nul(value)) return fail(Code::invalid_value, "env." + name.substr(0, 64) + " holds a NUL byte");
        if (name.size() + value.size() + 1 > kMaxOneArgument)
            return fail(Code::invalid_value,
                        "env." + name.substr(0, 64) +
                            " is longer than 131071 bytes, the most that Linux takes in one variable");
        total += name.size() + value.size() + 2;
    }
    if (total > kMaxArgumentBytes) return fail(Code::invalid_value, "env is longer than 2 MiB in total");
    return {};
}

Result<Command> make_command(const api::RunRequest& request) {
    const bool code = request.language.has_value() || request.code.has_value();
    const int given = (request.argv ? 1 : 0) + (request.script ? 1 : 0) + (code ? 1 : 0);
    if (given != 1) return fail(Code::invalid_value, "give exactly one of argv, script, and language with code");
    if (code && !(request.language && request.code)) return fail(Code::invalid_value, "language and code go together");
    auto command = request.argv     ? argv_command(request)
                   : request.script ? script_command(request)
                                    : code_command(request);
    if (command) CHECK(check_arguments(command->argv, request.argv ? "argv" : "args"));
    return command;
}

} // namespace owhale::sandbox
