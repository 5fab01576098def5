// owhalectl audit ls: the events of the audit log, newest first, or as they come.
#include <algorithm>
#include <ctime>
#include <memory>
#include <unistd.h>

#include "cli/audit_rows.hpp"
#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/units.hpp"

namespace owhale::cli {
namespace {

struct Arguments {
    std::string since, until, principal, verb, outcome, run, grep, limit = "50";
    bool follow = false;
};

// "2h" is two hours ago; anything else is for owhaled to read.
std::string point_in_time(const std::string& text) {
    const auto ago = parse_duration_ms(text, "");
    if (!ago) return text;
    const std::time_t then = std::time(nullptr) - static_cast<std::time_t>(*ago / 1000);
    return rfc3339(then);
}

Result<Call> call_of(Context& context, const Arguments& arguments) {
    Call call{.verb = "audit.list"};
    const auto limit = TRY(parse_count(arguments.limit, "--limit", 1, 1000));
    call.query = {{"limit", std::to_string(limit)}};
    const auto add = [&](const char* key, const std::string& value) {
        if (!value.empty()) call.query.emplace_back(key, value);
    };
    if (!arguments.since.empty()) add("since", point_in_time(arguments.since));
    if (!arguments.until.empty()) add("until", point_in_time(arguments.until));
    add("principal", arguments.principal);
    add("verb", arguments.verb);
    add("outcome", arguments.outcome);
    if (!arguments.run.empty()) {
        const auto run = TRY(context.run_id(arguments.run));
        add("run", run);
    }
    add("grep", arguments.grep);
    return call;
}

std::string numbers_of(const std::vector<api::AuditEntry>& entries) {
    std::string out;
    for (const auto& entry : entries) out += std::to_string(entry.seq) + "\n";
    return out;
}

Result<int> list(Context& context, const Arguments& arguments) {
    auto call = TRY(call_of(context, arguments));
    const auto body = TRY(context.ask(std::move(call)));
    if (TRY(context.printed_json(body, "events"))) return kOk;
    const auto events = TRY(read_audit(body));
    const bool quiet = context.globals().quiet;
    CHECK(print(quiet ? numbers_of(events.events) : audit_table(context.look(), events.events)));
    if (events.next && !quiet) note("there are older ones: --limit N shows more");
    return kOk;
}

// Oldest first: what there is, then what comes, until we are stopped.
Result<int> follow(Context& context, const Arguments& arguments) {
    auto call = TRY(call_of(context, arguments));
    const auto body = TRY(context.ask(call));
    auto first = TRY(read_audit(body));
    auto events = std::move(first.events);
    std::reverse(events.begin(), events.end());
    std::uint64_t last = 0;
    for (;;) {
        if (!events.empty()) {
            const bool numbers = context.globals().quiet && context.look().format == Format::table;
            CHECK(print(numbers ? numbers_of(events) : audit_lines(context.look(), events)));
            last = events.back().seq;
        }
        ::sleep(1);
        call.query.erase(
            std::remove_if(call.query.begin(), call.query.end(), [](const auto& one) { return one.first == "after"; }),
            call.query.end());
        call.query.emplace_back("after", std::to_string(last));
        const auto more = TRY(context.ask(call));
        auto list = TRY(read_audit(more));
        events = std::move(list.events);
    }
}

} // namespace

void declare_audit_ls(Command audit) {
    auto command = audit.sub("ls", "List audit events, newest first");
    auto arguments = std::make_shared<Arguments>();
    command.option("--since", arguments->since, "TIME", "from then on: 2h (ago), or 2025-01-31T09:00:00Z");
    command.option("--until", arguments->until, "TIME", "up to then");
    command.option("--principal", arguments->principal, "WHO", "only this one's: unix:1000");
    command.option("--verb", arguments->verb, "VERB", "only this verb: runs.create");
    command.option("--outcome", arguments->outcome, "OUTCOME", "only this outcome: exited, failed, denied");
    command.option("--run", arguments->run, "ID", "only this run's", Kind::run_id);
    command.option("--grep", arguments->grep, "TEXT", "only those that contain this text");
    command.option("--limit", arguments->limit, "N", "at most so many (50)");
    command.flag("-f,--follow", arguments->follow, "oldest first, and go on with new ones");
    command.handler([arguments](Context& context) {
        return arguments->follow ? follow(context, *arguments) : list(context, *arguments);
    });
}

} // namespace owhale::cli
