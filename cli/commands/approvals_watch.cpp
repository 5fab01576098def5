// owhalectl approvals watch: requests as they come, on a terminal to be decided there, in a pipe one line each.
#include <memory>
#include <unistd.h>

#include "cli/commands/commands.hpp"
#include "cli/prompt.hpp"
#include "cli/terminal.hpp"
#include "cli/watch.hpp"

namespace owhale::cli {
namespace {

Result<int> watch(Context& context, const std::string& hook) {
    const bool screen = context.look().format == Format::table && is_terminal(STDOUT_FILENO) && can_ask();
    return screen ? watch_on_screen(context, hook) : watch_in_lines(context, hook);
}

} // namespace

void declare_approvals_watch(Command approvals) {
    auto command =
        approvals.sub("watch", "Requests as they come: on a terminal to be decided, in a pipe one line each");
    auto hook = std::make_shared<std::string>();
    command.option("--exec", *hook, "CMD",
                   "for each, run CMD by /bin/sh with OWHALE_APPROVAL_ID, OWHALE_PRINCIPAL and OWHALE_SEVERITY set");
    command.handler([hook](Context& context) { return watch(context, *hook); });
}

} // namespace owhale::cli
