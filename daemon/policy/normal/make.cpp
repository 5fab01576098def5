// make's variables on its command line: code of make's, and words that its recipes hand to a shell.
#include <algorithm>

#include "policy/normal/walk.hpp"

namespace owhale::policy::normal {
namespace {

struct Variable {
    std::string name, value;
    bool runs = false; // NAME!=COMMAND
};

// NAME=value, NAME:=value, NAME::=value, NAME?=value, NAME+=value, NAME!=command
Variable variable_of(const std::string& word) {
    const auto equals = word.find('=');
    if (equals == std::string::npos || equals == 0) return {};
    const auto end = word.find_last_not_of(":?+!", equals - 1);
    if (end == std::string::npos) return {};
    return {word.substr(0, end + 1), word.substr(equals + 1), word[equals - 1] == '!'};
}

// What a recipe's shell gets of it: make's own references are gone, $$ is the shell's $.
std::string as_recipe(const std::string& value) {
    std::string out;
    for (std::size_t i = 0; i < value.size(); ++i) {
        if (value[i] != '$') {
            out += value[i];
            continue;
        }
        const char next = i + 1 < value.size() ? value[i + 1] : ' ';
        if (next == '$') {
            out += '$';
            ++i;
        } else if (next == '(' || next == '{') {
            const auto end = value.find(next == '(' ? ')' : '}', i);
            if (end == std::string::npos) break;
            i = end;
        } else
            ++i;
    }
    return out;
}

// Variables that hold a command by habit; others are words of one.
bool holds_command(std::string_view name) {
    constexpr std::string_view kNames[] = {"CC",     "CXX",     "CPP",   "LD",    "AR",     "AS",   "RM",     "CP",
                                           "MV",     "INSTALL", "LEX",   "YACC",  "PYTHON", "NODE", "PERL",   "RUBY",
                                           "RANLIB", "STRIP",   "FC",    "GO",    "CARGO",  "NPM",  "DOCKER", "MAKE",
                                           "SUDO",   "BASH",    "TOUCH", "MKDIR", "HOSTCC", "LINT", "TEST",   "RUN"};
    return std::ranges::find(kNames, name) != std::end(kNames) || name.ends_with("_CMD") ||
           name.ends_with("_COMMAND") || name.ends_with("CC");
}

} // namespace

// cmake -E NAME …: tools of its own, by the names that they have elsewhere.
std::vector<Value> Walk::cmake_tool(std::vector<Value> argv) {
    constexpr std::pair<std::string_view, std::string_view> kTools[] = {{"remove_directory", "rm -rf"},
                                                                        {"remove", "rm"},
                                                                        {"copy", "cp"},
                                                                        {"copy_directory", "cp -r"},
                                                                        {"copy_if_different", "cp"},
                                                                        {"rename", "mv"},
                                                                        {"make_directory", "mkdir -p"},
                                                                        {"create_symlink", "ln -s"},
                                                                        {"create_hardlink", "ln"}};
    if (argv.size() > 2 && argv[0].is("chdir")) {
        state_.set(".", Cell{absolute(argv[1].text)});
        argv.erase(argv.begin(), argv.begin() + 2);
        return argv;
    }
    for (const auto& [name, usual] : kTools) {
        if (!argv[0].is(name)) continue;
        const auto blank = usual.find(' ');
        const Span span = argv[0].span;
        argv[0].text = usual.substr(0, blank);
        if (blank != std::string_view::npos)
            argv.insert(argv.begin() + 1, Value{std::string(usual.substr(blank + 1)), span});
        return argv;
    }
    return argv;
}

void Walk::special_make(Call& call) {
    const auto operands = call.arguments.operands;
    auto env = at(call.slot).env;
    for (const auto& operand : operands) {
        const auto variable = variable_of(operand.text);
        if (variable.name.empty() || operand.known() == Known::opaque || stopped()) continue;
        constexpr std::string_view kRun[] = {"$(shell", "${shell", "$(eval", "${eval", "$(file"};
        if (std::ranges::any_of(kRun, [&](auto mark) { return variable.value.find(mark) != std::string::npos; }))
            scan(call, "make", {variable.value, operand.span});
        if (variable.name == "SHELL" || variable.name == ".SHELLFLAGS") {
            const std::string& shell = variable.value;
            const bool usual = shell.find(' ') == std::string::npos && shell.ends_with("sh");
            if (!usual && shell.starts_with('/')) touch(call.slot, Act::execute, {shell, operand.span}, false, false);
            if (!usual && variable.name == "SHELL") carry_code(call, "sh", {shell, operand.span});
            continue;
        }
        const std::string recipe = variable.runs ? variable.value : as_recipe(variable.value);
        const bool command = variable.runs || (holds_command(variable.name) && recipe.find(' ') != std::string::npos);
        const bool breaks = recipe.find_first_of("`;|&") != std::string::npos || recipe.find("$(") != std::string::npos;
        if (command || breaks) carry_code(call, "sh", {command ? recipe : ": " + recipe, operand.span});
    }
    for (const auto& [name, value] : env) // options that stand in the environment
        if ((name == "MAKEFLAGS" || name == "GNUMAKEFLAGS") && value.text.find("$(") != std::string::npos)
            scan(call, "make", value);
        else if (name == "MAKEFILES")
            touch(call.slot, Act::execute, value, false, false);
}

} // namespace owhale::policy::normal
