// owhalectl runs prune: removes all of the caller's ended runs.
#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/session.hpp"

namespace owhale::cli {
namespace {

// All pages first: removing while paging could skip some.
Result<std::vector<std::string>> ended_runs(Context& context) {
    std::vector<std::string> ids;
    Call call{.verb = "runs.list", .query = {{"limit", "500"}}};
    for (;;) {
        const auto body = TRY(context.ask(call));
        const auto list = TRY(read_runs(body));
        for (const auto& run : list.runs)
            if (is_over(run.state)) ids.push_back(run.id);
        if (!list.next) return ids;
        call.query = {{"limit", "500"}, {"before", *list.next}};
    }
}

Result<int> prune(Context& context) {
    const auto ids = TRY(ended_runs(context));
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
