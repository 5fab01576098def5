// owhalectl approvals watch: requests as they come, on a terminal to be decided there, in a pipe one line each.
#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"

namespace owhale::cli {

void declare_approvals_watch(Command approvals) {
    auto command =
        approvals.sub("watch", "Requests as they come: on a terminal to be decided, in a pipe one line each");
    auto hook = std::make_shared<std::string>();
    command.option("--exec", *hook, "CMD", "run CMD for each new request");
    command.handler([](Context&) -> Result<int> { return kOk; });
}

} // namespace owhale::cli
