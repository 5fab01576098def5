// owhalectl runs kill: ends runs, politely at first, and waits until they have ended, as docker does.
#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/each.hpp"
#include "cli/messages.hpp"
#include "cli/session.hpp"
#include "cli/units.hpp"

namespace owhale::cli {
namespace {

constexpr std::uint64_t kUsualGrace = 10; // seconds
constexpr std::uint64_t kPatience = 10;   // beyond the grace: a process that waits for a file system ends late

struct Arguments {
    std::vector<std::string> runs;
    std::string grace;
};

Status await_end(Context& context, const std::string& id, std::uint64_t seconds) {
    Call call{.verb = "runs.wait", .id = id, .headers = {{"Prefer", "wait=" + std::to_string(seconds)}}};
    call.limit = std::chrono::seconds(seconds + 30);
    const auto body = TRY(context.ask(std::move(call)));
    const auto run = TRY(read_run(body));
    if (!is_over(run.state)) note(id + " was told to end and has not yet; owhalectl runs wait " + id + " waits for it");
    if (TRY(context.printed_json(body))) return {};
    return print(id + "\n");
}

Result<int> kill(Context& context, const Arguments& arguments) {
    api::KillRequest request;
    if (!arguments.grace.empty()) request.grace_ms = TRY(parse_duration_ms(arguments.grace, "--grace"));
    std::vector<std::string> told;
    const auto end = [&](const std::string& named) -> Status {
        const auto id = TRY(context.run_id(named));
        const auto body = TRY(context.ask({.verb = "runs.kill", .id = id, .body = write(request)}));
        const auto run = TRY(read_run(body));
        if (const auto more = run.live_children.value_or(0); more != 0)
            note(std::to_string(more) + (more == 1 ? " run" : " runs") + " of its own ended with " + id);
        told.push_back(id);
        return {};
    };
    const int code = TRY(for_each_named(arguments.runs, end));
    const auto grace = request.grace_ms ? *request.grace_ms / 1000 : kUsualGrace;
    for (const auto& id : told) CHECK(await_end(context, id, grace + kPatience));
    return code;
}

} // namespace

void declare_runs_kill(Command runs) {
    auto command = runs.sub("kill", "End runs: SIGTERM, SIGKILL when the grace is over; returns when they have ended");
    auto arguments = std::make_shared<Arguments>();
    command.positionals("ID", arguments->runs, "the runs", Kind::run_id);
    command.option("--grace", arguments->grace, "TIME", "between the two (10s); 0 kills at once");
    command.handler([arguments](Context& context) { return kill(context, *arguments); });
}

} // namespace owhale::cli
