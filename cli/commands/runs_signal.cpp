// owhalectl runs signal: sends a run a signal.
#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"

namespace owhale::cli {
namespace {

struct Arguments {
    std::string run, signal;
};

Result<int> send(Context& context, const Arguments& arguments) {
    const auto id = TRY(context.run_id(arguments.run));
    const auto body =
        TRY(context.ask({.verb = "runs.signal", .id = id, .body = write(api::SignalRequest{arguments.signal})}));
    TRY(context.printed_json(body));
    return kOk;
}

} // namespace

void declare_runs_signal(Command runs) {
    auto command = runs.sub("signal", "Send a run a signal: TERM, SIGUSR1, 15");
    auto arguments = std::make_shared<Arguments>();
    command.positional("ID", arguments->run, "the run", Kind::run_id);
    command.positional("SIG", arguments->signal, "the signal", Kind::choice,
                       {"HUP", "INT", "QUIT", "KILL", "USR1", "USR2", "TERM", "CONT", "STOP", "WINCH"});
    command.handler([arguments](Context& context) { return send(context, *arguments); });
}

} // namespace owhale::cli
