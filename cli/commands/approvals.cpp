// owhalectl approvals: requests that wait for somebody's word, and those that waited.
#include <boost/json/serialize.hpp>
#include <ctime>
#include <memory>

#include "cli/approvals.hpp"
#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/units.hpp"

namespace owhale::cli {
namespace {

constexpr std::size_t kAnyWidth = 100; // off a terminal

struct ListArguments {
    std::string limit = "50", state;
    bool all = false;
};

Status tell_throttled(Context& context, const ListArguments& arguments) {
    if (arguments.all || (!arguments.state.empty() && arguments.state != "pending")) return {};
    const auto body =
        TRY(context.ask({.verb = "approvals.list", .query = {{"all", "1"}, {"state", "pending"}, {"limit", "500"}}}));
    const auto words = throttled_words(TRY(read_approvals(body)));
    if (!words.empty()) note(words);
    return {};
}

Result<int> list(Context& context, const ListArguments& arguments) {
    const auto limit = TRY(parse_count(arguments.limit, "--limit", 1, 500));
    Call call{.verb = "approvals.list", .query = {{"limit", std::to_string(limit)}}};
    if (arguments.all) call.query.emplace_back("all", "1");
    if (!arguments.state.empty()) call.query.emplace_back("state", arguments.state);
    const auto body = TRY(context.ask(std::move(call)));
    if (TRY(context.printed_json(body, "approvals"))) return kOk;
    const auto list = TRY(read_approvals(body));
    if (context.globals().quiet) {
        std::string ids;
        for (const auto& approval : list.approvals) ids += approval.id + "\n";
        CHECK(print(ids));
        return kOk;
    }
    CHECK(print(approvals_table(context.look(), list.approvals, std::time(nullptr))));
    if (list.next) note("there are older ones: --limit N shows more");
    CHECK(tell_throttled(context, arguments));
    return kOk;
}

Result<int> show(Context& context, const std::string& named, bool details) {
    const auto id = TRY(approval_id(context, named));
    const auto shown = TRY(show_approval(context, id));
    if (TRY(context.printed_json(shown.body))) return kOk;
    const auto& look = context.look();
    auto lines =
        view_of(shown.approval, view_options(shown.approval, look.columns > 0 ? look.columns : kAnyWidth, details));
    lines.insert(lines.begin(), {{Tone::bold, shown.approval.id}});
    TRY(page(look, lines));
    return kOk;
}

void declare_ls(Command approvals) {
    auto command = approvals.sub("ls", "List the requests that wait and that you may see, newest first");
    auto arguments = std::make_shared<ListArguments>();
    command.flag("-a,--all", arguments->all, "those that have ended, and what is not announced (throttled), too");
    command.option("--state", arguments->state, "STATE", "only those in this state", Kind::choice,
                   {"pending", "approved", "used", "void", "denied", "expired", "cancelled"});
    command.option("--limit", arguments->limit, "N", "at most so many (50; 500 is the most)");
    command.handler([arguments](Context& context) { return list(context, *arguments); });
}

void declare_show(Command approvals) {
    auto command = approvals.sub("show", "Show a request, whole: what would run, who asks, what decided");
    auto id = std::make_shared<std::string>();
    auto details = std::make_shared<bool>(false);
    command.positional("ID", *id, "the request: its id, or how that begins or ends", Kind::approval_id);
    command.flag("-d,--details", *details, "its limits, and the commands as owhaled reads them, too");
    command.handler([id, details](Context& context) { return show(context, *id, *details); });
}

Result<int> cancel(Context& context, const std::string& named, const std::string& why) {
    const auto id = TRY(approval_id(context, named));
    api::DenyRequest request;
    if (!why.empty()) request.reason = why;
    const auto body = TRY(context.ask({.verb = "approvals.cancel", .id = id, .body = write(request)}));
    if (!TRY(context.printed_json(body))) CHECK(print(id + "\n"));
    return kOk;
}

void declare_cancel(Command approvals) {
    auto command = approvals.sub("cancel", "Take your own request back; its run ends");
    auto id = std::make_shared<std::string>(), why = std::make_shared<std::string>();
    command.positional("ID", *id, "the request", Kind::approval_id);
    command.option("-m,--reason", *why, "WHY", "said with it, and kept");
    command.handler([id, why](Context& context) { return cancel(context, *id, *why); });
}

Result<int> claim(Context& context, const std::string& named) {
    const auto id = TRY(approval_id(context, named));
    const auto body = TRY(context.ask({.verb = "approvals.claim", .id = id}));
    if (TRY(context.printed_json(body))) return kOk;
    const auto run = TRY(read_run(body));
    if (const auto error = error_of(run); !error.message.empty()) return std::unexpected(error);
    CHECK(print(run.id + "\n"));
    if (!context.globals().quiet) note("it goes on; owhalectl runs attach " + run.id + " shows what it writes");
    return kOk;
}

void declare_claim(Command approvals) {
    auto command = approvals.sub("claim", "Run what was approved while you were away, and print the run's id");
    auto id = std::make_shared<std::string>();
    command.positional("ID", *id, "the request", Kind::approval_id);
    command.handler([id](Context& context) { return claim(context, *id); });
}

} // namespace

void declare_approvals(Command root) {
    auto approvals = root.sub("approvals", "Who agrees: requests that wait for somebody's word");
    for (const auto declare : {declare_ls, declare_show, declare_approve, declare_deny, declare_cancel, declare_claim,
                               declare_approvals_watch, declare_approvals_stats})
        declare(approvals);
}

} // namespace owhale::cli
