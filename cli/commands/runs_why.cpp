// owhalectl runs why: a guess why a run failed, and what would change it.
#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/escape.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"

namespace owhale::cli {
namespace {

Result<int> why(Context& context, const std::string& named) {
    const auto id = TRY(context.run_id(named));
    const auto body = TRY(context.ask({.verb = "runs.why", .id = id}));
    if (TRY(context.printed_json(body))) return kOk;
    const auto answer = TRY(read_why(body));
    std::string text = escaped(answer.summary) + "\n";
    for (const auto& hint : answer.hints) {
        text += "\n" + toned(context.look(), Tone::warn, hint.what) + "\n";
        if (!hint.next.empty()) text += "  next: " + escaped(hint.next) + "\n";
    }
    CHECK(print(text));
    return kOk;
}

} // namespace

void declare_runs_why(Command runs) {
    auto command = runs.sub("why", "Guess why a run failed, and say what would change it");
    auto run = std::make_shared<std::string>();
    command.positional("ID", *run, "the run", Kind::run_id);
    command.handler([run](Context& context) { return why(context, *run); });
}

} // namespace owhale::cli
