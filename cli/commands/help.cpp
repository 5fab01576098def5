// owhalectl help: of the whole, or of a command.
#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"

namespace owhale::cli {

void declare_help(Command root) {
    auto command = root.sub("help", "Show how a command is used");
    auto words = std::make_shared<std::vector<std::string>>();
    command.positionals("COMMAND", *words, "the command's words", Kind::text, false);
    command.handler([words](Context& context) -> Result<int> {
        CHECK(print(TRY(context.tree().help(*words))));
        return kOk;
    });
}

} // namespace owhale::cli
