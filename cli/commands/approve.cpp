// owhalectl approve: agrees to a request, once the person has read it; what is sent is the digest of what was shown.
#include <memory>
#include <unistd.h>

#include "cli/approvals.hpp"
#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/one_login.hpp"
#include "cli/passwords.hpp"
#include "cli/prompt.hpp"
#include "cli/step_up.hpp"
#include "cli/terminal.hpp"
#include "cli/units.hpp"

namespace owhale::cli {
namespace {

constexpr std::uint64_t kMostFor = std::uint64_t{30} * 24 * 3600 * 1000;

struct Arguments {
    std::string id, times, span, like, why, digest;
    bool once = false, trust = false, yes = false, password_stdin = false, log_in = false;
};

Result<std::optional<api::GrantRequest>> grant_of(const Arguments& arguments) {
    const bool any = !arguments.times.empty() || !arguments.span.empty() || !arguments.like.empty();
    if (arguments.once && any)
        return fail(Code::bad_request, "--once does not go together with --times, --for or --like", "leave out one");
    if (!any && arguments.trust)
        return fail(Code::bad_request, "--trust-workspace says something of a grant, and there is none",
                    "give it with --times N, --for T or --like TEMPLATE");
    if (!any) return std::nullopt;
    api::GrantRequest grant;
    if (!arguments.times.empty())
        grant.times = static_cast<std::uint32_t>(TRY(parse_count(arguments.times, "--times", 1, 1000)));
    if (!arguments.span.empty()) {
        grant.for_ms = TRY(parse_duration_ms(arguments.span, "--for"));
        if (*grant.for_ms == 0 || *grant.for_ms > kMostFor)
            return fail(Code::bad_request, "--for " + arguments.span + ": it is 1 second to 30 days", "--for 1h");
    }
    if (!arguments.like.empty()) grant.like = TRY(template_words(arguments.like));
    if (arguments.trust) grant.trust_workspace = true;
    return grant;
}

// Where nobody can look, somebody has to say that it was looked at.
Status check_readable(Context& context, const Arguments& arguments) {
    if (arguments.yes || !arguments.digest.empty()) return {};
    if (context.look().format == Format::table && is_terminal(STDOUT_FILENO) && can_ask()) return {};
    return fail(Code::bad_request, "nobody can read the request here before it is approved",
                "approve it on a terminal; or give --digest D of what was read, or -y for whatever it is now");
}

// The digest of what the person read, or said to have read.
Result<std::string> read_digest(Context& context, const Arguments& arguments, const std::string& id,
                                const std::optional<api::GrantRequest>& grant) {
    if (!arguments.digest.empty()) return arguments.digest;
    const auto shown = TRY(show_approval(context, id));
    const auto& approval = shown.approval;
    if (arguments.yes) return approval.digest;
    const auto& look = context.look();
    const auto options = view_options(approval, look.columns > 0 ? look.columns : 80, false);
    auto lines = view_of(approval, options);
    if (grant) {
        lines.emplace_back();
        for (auto& line : grant_view(approval, *grant, options)) lines.push_back(std::move(line));
    }
    if (!TRY(page(look, lines, "that was all of it, and nothing is approved yet")))
        return fail(Code::bad_request, "it was not read to its end, and not approved", "owhalectl approve " + id);
    if (approval.state != "pending") return fail(Code::approval_ended, "the request is " + approval.state + " already");
    if (!approval.may_decide.value_or(true) && !arguments.log_in)
        return fail(Code::forbidden, approval.why_not.value_or("you may not decide this request"),
                    "owhalectl login NAME, as somebody who may; owhalectl whoami shows who you are");
    return approval.digest;
}

// Enter, typed to read on, is no yes: a person who was shown the request types the password next, or else a word.
enum class Yes { said_before, by_password, by_word };

Yes yes_of(Context& context, const Arguments& arguments) {
    if (arguments.yes || !arguments.digest.empty() || arguments.log_in)
        return Yes::said_before; // log_in: asks by itself
    return !arguments.password_stdin && asks_password(context.client()) ? Yes::by_password : Yes::by_word;
}

Status ask_whether(const Arguments& arguments) {
    const bool once = arguments.times.empty() && arguments.span.empty() && arguments.like.empty();
    if (TRY(ask_yes(once ? "Approve this, once? Type yes: " : "Approve this, with the grant above? Type yes: ")))
        return {};
    return fail(Code::conflict, "that was no yes: nothing is approved, and the request still waits",
                "owhalectl approve or deny " + arguments.id);
}

Result<int> approve(Context& context, const Arguments& arguments) {
    const auto grant = TRY(grant_of(arguments));
    CHECK(check_readable(context, arguments));
    CHECK(prove_from_stdin(context, arguments.password_stdin));
    const auto id = TRY(approval_id(context, arguments.id));
    const Hush hush;
    api::ApproveRequest request;
    request.digest = TRY(read_digest(context, arguments, id, grant));
    const auto yes = yes_of(context, arguments);
    if (yes == Yes::by_word) CHECK(ask_whether(arguments));
    if (!arguments.why.empty()) request.reason = arguments.why;
    request.grant = grant;
    Call call{.verb = "approvals.approve",
              .id = id,
              .body = write(request),
              .act = "approve what was shown",
              .asks_first = yes == Yes::by_password};
    const auto body =
        TRY(arguments.log_in ? ask_once_logged_in(context, std::move(call)) : context.ask(std::move(call)));
    if (TRY(context.printed_json(body))) return kOk;
    const auto approval = TRY(read_approval(body));
    CHECK(print(id + "\n"));
    if (context.globals().quiet) return kOk;
    if (approval.state == "pending")
        note("noted; " + std::to_string(approval.quorum) + " people have to agree, and more are needed");
    else if (approval.claimable)
        note("approved; its requester has to claim it: owhalectl approvals claim " + id);
    else
        note("approved; run " + approval.run + " goes on");
    if (approval.grant)
        note(approval.kind == "host" ? "a line for its host spares further questions: owhalectl hosts ls"
                                     : "grant " + *approval.grant + " spares further questions: owhalectl grants ls");
    return kOk;
}

} // namespace

void declare_approve(Command parent) {
    auto command =
        parent.sub("approve", "Agree to a request, once you have read it; asks for your password, or for a yes");
    auto arguments = std::make_shared<Arguments>();
    command.positional("ID", arguments->id, "the request: its id, or how that begins or ends", Kind::approval_id);
    command.flag("--once", arguments->once, "for this once (default)");
    command.option("--times", arguments->times, "N", "and for N further runs of the same");
    command.option("--for", arguments->span, "TIME", "and for further runs of the same during 30m, 8h, 7d");
    command.option("--like", arguments->like, "TEMPLATE",
                   "the same but for <word>, <path> and <number>: 'git push origin <word>'");
    command.flag("--trust-workspace", arguments->trust,
                 "also where it runs code of the workspace (make, npm run) that nothing binds");
    command.option("-m,--reason", arguments->why, "WHY", "said with it, and kept");
    command.option("--digest", arguments->digest, "SHA256", "of what was read elsewhere; another one is refused");
    command.flag("-y,--yes", arguments->yes, "without showing it: whatever the request is now");
    command.flag("--log-in", arguments->log_in, "ask for a name, too, and keep no token: for this once");
    declare_proof(command, arguments->password_stdin);
    command.handler([arguments](Context& context) { return approve(context, *arguments); });
}

} // namespace owhale::cli
