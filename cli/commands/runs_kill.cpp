// owhalectl runs kill: ends runs, politely at first.
#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/units.hpp"

namespace owhale::cli {
namespace {

struct Arguments {
    std::vector<std::string> runs;
    std::string grace;
};

Result<int> kill(Context& context, const Arguments& arguments) {
    api::KillRequest request;
    if (!arguments.grace.empty()) request.grace_ms = TRY(parse_duration_ms(arguments.grace, "--grace"));
    for (const auto& named : arguments.runs) {
        const auto id = TRY(context.run_id(named));
        const auto body = TRY(context.ask({.verb = "runs.kill", .id = id, .body = write(request)}));
        if (!TRY(context.printed_json(body))) CHECK(print(id + "\n"));
    }
    return kOk;
}

} // namespace

void declare_runs_kill(Command runs) {
    auto command = runs.sub("kill", "End runs: SIGTERM, and SIGKILL when the grace is over");
    auto arguments = std::make_shared<Arguments>();
    command.positionals("ID", arguments->runs, "the runs", Kind::run_id);
    command.option("--grace", arguments->grace, "TIME", "between the two (10s); 0 kills at once");
    command.handler([arguments](Context& context) { return kill(context, *arguments); });
}

} // namespace owhale::cli
