// owhalectl completion: a script that teaches a shell the commands, their options, and the runs there are.
#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/completions.hpp"
#include "cli/exit_codes.hpp"

namespace owhale::cli {
namespace {

Result<int> completion(Context& context, const std::string& shell) {
    const auto tree = context.tree().describe();
    if (shell == "bash")
        CHECK(print(bash_completion(tree)));
    else if (shell == "zsh")
        CHECK(print(zsh_completion(tree)));
    else if (shell == "fish")
        CHECK(print(fish_completion(tree)));
    else
        return fail(Code::bad_request, "there is no completion for '" + shell + "'",
                    "owhalectl completion bash, zsh or fish");
    return kOk;
}

} // namespace

void declare_completion(Command root) {
    auto command = root.sub("completion", "Print a completion script: bash, zsh or fish");
    auto shell = std::make_shared<std::string>();
    command.positional("SHELL", *shell, "the shell", Kind::choice, {"bash", "zsh", "fish"});
    command.handler([shell](Context& context) { return completion(context, *shell); });
}

} // namespace owhale::cli
