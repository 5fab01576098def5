// owhalectl: finds the command, runs it, and turns what became of it into an exit code.
#include <csignal>
#include <cstdio>
#include <optional>

#include "cli/commands/all.hpp"
#include "cli/exit_codes.hpp"
#include "cli/standard_streams.hpp"

namespace {

using namespace owhale;
using namespace owhale::cli;

constexpr auto kAbout = "owhalectl runs commands in a cage, through owhaled, and says what became of them";

// A reader that has gone away is no failure: we end as a program that SIGPIPE ends.
int failed(const Error& error, Exits exits) {
    if (error.errnum == EPIPE) return kBySignal + SIGPIPE;
    complain(error);
    return exit_of(error, exits);
}

int run(Tree& tree, Globals& globals, const Tree::Parsed& parsed) {
    Context context(tree, globals);
    const auto code = parsed.handler(context);
    return code ? *code : failed(code.error(), parsed.exits);
}

// The tree as far as it is needed; none when that does not fit, and all of it has to say why.
std::optional<int> run_named(const std::vector<std::string>& arguments) {
    Tree tree("owhalectl", kAbout);
    Globals globals;
    if (!declare_named(tree.root(), globals, arguments)) return std::nullopt;
    const auto parsed = tree.parse(arguments);
    if (!parsed || !parsed->handler) return std::nullopt;
    return run(tree, globals, *parsed);
}

int run_any(const std::vector<std::string>& arguments) {
    Tree tree("owhalectl", kAbout);
    Globals globals;
    declare_all(tree.root(), globals);
    const auto parsed = tree.parse(arguments);
    if (!parsed) {
        complain(parsed.error().error);
        return parsed.error().exits == Exits::like_run ? kRefused : kUsage;
    }
    if (!parsed->handler) {
        std::fputs(parsed->help.c_str(), stdout);
        return arguments.empty() ? kUsage : kOk;
    }
    return run(tree, globals, *parsed);
}

} // namespace

int main(int argc, char** argv) {
    if (!fill_standard_descriptors()) return kRefused;
    std::signal(SIGPIPE, SIG_IGN);
    const std::vector<std::string> arguments(argv + 1, argv + (argc > 0 ? argc : 1));
    const auto code = run_named(arguments);
    return code ? *code : run_any(arguments);
}
