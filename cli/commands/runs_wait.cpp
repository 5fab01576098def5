// owhalectl runs wait: returns when a run has ended, and prints its exit code, as docker wait does.
#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/session.hpp"

namespace owhale::cli {
namespace {

constexpr auto kAsk = "60"; // seconds that one call may take to answer

Result<int> wait(Context& context, const std::string& named) {
    const auto id = TRY(context.run_id(named));
    for (;;) {
        Call call{.verb = "runs.wait", .id = id, .headers = {{"Prefer", std::string("wait=") + kAsk}}};
        call.limit = std::chrono::seconds(90);
        const auto body = TRY(context.ask(std::move(call)));
        const auto run = TRY(read_run(body));
        if (!is_over(run.state)) continue;
        if (!TRY(context.printed_json(body))) CHECK(print(std::to_string(exit_of(run)) + "\n"));
        return kOk;
    }
}

} // namespace

void declare_runs_wait(Command runs) {
    auto command = runs.sub("wait", "Wait until a run has ended, and print its exit code");
    auto run = std::make_shared<std::string>();
    command.positional("ID", *run, "the run", Kind::run_id);
    command.handler([run](Context& context) { return wait(context, *run); });
}

} // namespace owhale::cli
