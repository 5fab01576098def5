// owhalectl runs prune: removes all of the caller's ended runs.
#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/session.hpp"

namespace owhale::cli {
namespace {

// All pages first: removing while paging could skip some.
Result<std::vector<std::string>> ended_runs(Context& context, const std::string& principal) {
    std::vector<std::string> ids;
    Call call{.verb = "runs.list"};
    for (;;) {
        const auto body = TRY(context.ask(call));
        const auto list = TRY(read_runs(body));
        for (const auto& run : list.runs)
            if (is_over(run.state) && run.principal == principal) ids.push_back(run.id);
        if (!list.next) return ids;
        call.query = {{"before", *list.next}};
    }
}

Result<int> prune(Context& context) {
    const auto body = TRY(context.ask({.verb = "whoami"}));
    const auto self = TRY(read_whoami(body));
    const auto ids = TRY(ended_runs(context, self.principal));
    for (const auto& id : ids) {
        TRY(context.ask({.verb = "runs.remove", .id = id}));
        CHECK(print(id + "\n"));
    }
    if (!context.globals().quiet)
        note(std::to_string(ids.size()) + (ids.size() == 1 ? " run removed" : " runs removed"));
    return kOk;
}

} // namespace

void declare_runs_prune(Command runs) {
    auto command = runs.sub("prune", "Remove all of your ended runs and what is kept of their output");
    command.handler(prune);
}

} // namespace owhale::cli
