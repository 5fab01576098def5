// owhalectl runs rm: removes ended runs' records and kept output.
#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/each.hpp"

namespace owhale::cli {
namespace {

Result<int> remove(Context& context, const std::vector<std::string>& runs) {
    return for_each_named(runs, [&](const std::string& named) -> Status {
        const auto id = TRY(context.run_id(named));
        TRY(context.ask({.verb = "runs.remove", .id = id}));
        return print(id + "\n");
    });
}

} // namespace

void declare_runs_rm(Command runs) {
    auto command = runs.sub("rm", "Remove ended runs and what is kept of their output; the audit log stays");
    auto named = std::make_shared<std::vector<std::string>>();
    command.positionals("ID", *named, "the runs", Kind::run_id);
    command.handler([named](Context& context) { return remove(context, *named); });
}

} // namespace owhale::cli
