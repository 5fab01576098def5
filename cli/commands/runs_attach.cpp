// owhalectl runs attach: the streams of a run that is running become ours.
#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/foreground.hpp"
#include "cli/messages.hpp"
#include "cli/run_options.hpp"

namespace owhale::cli {
namespace {

Result<int> attach(Context& context, const std::string& named) {
    const auto id = TRY(context.run_id(named));
    const auto body = TRY(context.ask({.verb = "runs.show", .id = id}));
    const auto run = TRY(read_run(body));
    if (is_over(run.state))
        return fail(Code::run_ended, "the run has ended (" + run.state + ")",
                    "owhalectl runs logs " + run.id + " shows what it wrote");
    CHECK(check_terminal(run.tty, false));
    Attachment attachment{.id = run.id, .tty = run.tty, .stdin_open = true};
    return attend_run(context, std::move(attachment));
}

} // namespace

void declare_runs_attach(Command runs) {
    auto command = runs.sub("attach", "Attach to a running run; Ctrl-P Ctrl-Q leaves one that has a terminal");
    auto run = std::make_shared<std::string>();
    command.positional("ID", *run, "the run", Kind::run_id);
    command.handler([run](Context& context) { return attach(context, *run); }, Exits::like_run);
}

} // namespace owhale::cli
