#include "cli/foreground.hpp"

#include <algorithm>
#include <csignal>
#include <unistd.h>

#include "cli/accounts.hpp"
#include "cli/approve_here.hpp"
#include "cli/events.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/terminal.hpp"
#include "cli/units.hpp"

namespace owhale::cli {
namespace {

bool ended_by_limit(const api::Run& run) {
    return run.state == "timed_out" || run.state == "limit_exceeded";
}

// Why the cage, and not the command, ended it, and what would have let it go on.
void tell_end(const api::Run& run) {
    const bool known = ended_by_limit(run) && !run.hints.empty() && !run.hints.front().next.empty();
    const auto why = (known ? " -- " + run.hints.front().next : "") + "; owhalectl runs why " + run.id;
    if (run.state == "timed_out")
        note("timed_out: the run took longer than its timeout" + why);
    else if (run.state == "limit_exceeded")
        note("limit_exceeded: the run went over its limit of " + run.limit.value_or("resources") + why);
    else if (run.state == "killed")
        note("killed: the run was ended from outside" + why);
}

// In a folder of the agent's that comes back out, or that folder itself: only links and their like are told of these.
bool is_of_state(const api::Receipt& receipt, std::string_view path) {
    constexpr std::string_view kWritable = ", writable";
    if (!receipt.agent_state) return false;
    return std::ranges::any_of(*receipt.agent_state, [&](std::string_view line) {
        if (!line.ends_with(kWritable)) return false;
        line.remove_suffix(kWritable.size());
        return path.starts_with(line) && path.size() > line.size() &&
               (path[line.size()] == '/' || path[line.size()] == ' ');
    });
}

// What the user should know of the cage, whatever the exit code.
void tell_planted(const api::Run& run) {
    if (!run.receipt) return;
    std::vector<std::string> files, links;
    for (const auto& path : run.receipt->planted) (is_of_state(*run.receipt, path) ? links : files).push_back(path);
    if (!files.empty()) note("the run made files that a later program outside the cage would run: " + joined(files));
    if (!links.empty())
        note("the run left a link in your agent's state: " + joined(links) +
             "; remove it before you start the agent outside");
}

void tell_workspace(const api::Run& run) {
    if (run.receipt && run.workspace.empty() && !run.joined)
        note(run.cwd +
             " is no workspace: the run saw it read-only, or a private one that stays in its box (go to a folder "
             "of your own below your home, or name one with --workspace)");
}

// On no terminal too: an agent has none, and needs it most.
void tell_hint(const api::Run& run) {
    if (run.hints.empty() || exit_of(run) == kOk || ended_by_limit(run)) return;
    const auto& hint = run.hints.front();
    note("hint: " + hint.what + (hint.next.empty() ? "" : " -- " + hint.next) + "; owhalectl runs why " + run.id);
}

void tell(const Context& context, const api::Run& run) {
    if (const auto error = error_of(run); !error.message.empty()) return complain(error);
    if (context.globals().quiet) return;
    tell_end(run);
    tell_planted(run);
    tell_workspace(run);
    tell_hint(run);
}

// All that is kept of one stream.
Result<std::string> kept(Context& context, const std::string& run, const std::string& stream) {
    std::string all;
    std::uint64_t offset = 0;
    for (;;) {
        Call call{.verb = "runs.output", .id = run, .query = {{"stream", stream}, {"offset", std::to_string(offset)}}};
        const auto reply = TRY(context.send(std::move(call)));
        if (reply.body.empty()) return all;
        all += reply.body;
        offset = header_number(reply, "owhale-offset") + reply.body.size();
    }
}

// The run with its output, as the API answers a waited one.
Status print_whole(Context& context, api::Run run) {
    const auto set = [&](const std::string& stream, std::optional<std::string>& text,
                         std::optional<std::string>& encoding) -> Status {
        const auto bytes = TRY(kept(context, run.id, stream));
        text = is_utf8(bytes) ? bytes : base64(bytes);
        if (!is_utf8(bytes)) encoding = "base64";
        return {};
    };
    CHECK(set("stdout", run.stdout_, run.stdout_encoding));
    CHECK(set("stderr", run.stderr_, run.stderr_encoding));
    return print(json_text(context.look(), write(run)));
}

Result<int> end_of(Context& context, const SessionEnd& end) {
    switch (end.how) {
    case SessionEnd::How::output_gone:
        if (end.errnum == EPIPE) return kBySignal + SIGPIPE;
        return std::unexpected(Error{Code::system,
                                     "writing to stdout",
                                     "the run was ended; make room, or send the output elsewhere",
                                     end.errnum,
                                     {}});
    case SessionEnd::How::detached:
        note(end.run.detached ? "detached; owhalectl runs attach " + end.run.id + " comes back"
                              : "detached; the run ends in 10 s unless owhalectl runs attach " + end.run.id +
                                    " comes back (start it with -d to keep it)");
        return kOk;
    case SessionEnd::How::ended:
        break;
    }
    if (context.look().format == Format::json) CHECK(print_whole(context, end.run));
    tell(context, end.run);
    return exit_of(end.run);
}

} // namespace

void tell_end_of(const api::Run& run) {
    if (const auto error = error_of(run); !error.message.empty()) return complain(error);
    tell_end(run);
    tell_planted(run);
    tell_hint(run);
}

Result<int> attend_run(Context& context, Attachment attachment) {
    switch (context.look().format) {
    case Format::table:
        attachment.sink = Sink::live;
        break;
    case Format::json:
        attachment.sink = Sink::drop;
        break;
    case Format::jsonl:
        attachment.sink = Sink::events;
        break;
    }
    if (attachment.tty && attachment.sink != Sink::live)
        return fail(Code::bad_request, "-t and -o " + context.globals().output + " do not go together",
                    "leave out one of them");
    attachment.quiet = context.globals().quiet;
    attachment.progress = is_terminal(STDERR_FILENO) && !context.globals().quiet;
    const auto where = TRY(context.where());
    const auto end = TRY(attend(where, std::move(attachment)));
    return end_of(context, end);
}

void tell_waiting(const api::Run& run) {
    note("it waits for approval " + *run.approval + ", and goes on by itself once it is given");
    for (const auto& hint : run.hints) note("but " + hint.what + (hint.next.empty() ? "" : " -- " + hint.next));
}

Result<int> start_detached(Context& context, Call create) {
    const auto body = TRY(context.ask(std::move(create)));
    const auto run = TRY(read_run(body));
    if (const auto error = error_of(run); !error.message.empty()) return std::unexpected(error);
    if (!TRY(context.printed_json(body))) CHECK(print(run.id + "\n"));
    if (run.state == "waiting_approval" && run.approval && !context.globals().quiet) tell_waiting(run);
    return kOk;
}

Result<int> create_run(Context& context, const api::RunRequest& request, const RunOptions& options) {
    std::vector<std::string> here;
    if (options.approve_here && options.detach)
        return fail(Code::bad_request, "-d and --approve-here do not go together", "leave out one of them");
    if (options.approve_here) here = TRY(approve_here_words(context));
    Call create{.verb = "runs.create", .body = write(request)};
    if (options.detach) return start_detached(context, std::move(create));
    Attachment attachment{.tty = request.tty.value_or(false), .stdin_open = request.stdin_open.value_or(false)};
    attachment.create = std::move(create);
    attachment.approve_here = std::move(here);
    return attend_run(context, std::move(attachment));
}

} // namespace owhale::cli
