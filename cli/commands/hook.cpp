// owhalectl hook: what an agent asks before it calls a tool.
#include <csignal>
#include <cstring>
#include <memory>
#include <sys/time.h>
#include <unistd.h>

#include "cli/commands/commands.hpp"
#include "cli/escape.hpp"
#include "cli/exit_codes.hpp"
#include "cli/hook_rulings.hpp"
#include "cli/terminal.hpp"
#include "cli/told_to_model.hpp"
#include "cli/units.hpp"

namespace owhale::cli {
namespace {

constexpr int kBlocked = 2; // every agent of agents/*.toml takes it for a denial, with stderr for the reason
constexpr std::uint64_t kLongest = 60'000;

struct Arguments {
    std::string agent, timeout = "5s";
};

void too_late(int) {
    constexpr std::string_view kText =
        "owhalectl hook: nothing was decided in time, so it is denied. Is owhaled busy, or its socket stuck? "
        "owhalectl status\n";
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kText.data(), kText.size());
    ::_exit(kBlocked);
}

// For all of it: an agent that never ends its input, an owhaled that never answers.
Status set_deadline(const std::string& text) {
    const auto limit = TRY(parse_duration_ms(text, "--timeout"));
    if (limit == 0 || limit > kLongest)
        return fail(Code::invalid_value, "--timeout " + text + ": it is up to 60s", "5s is the default");
    std::signal(SIGALRM, too_late);
    sigset_t alarm; // whoever started us may have it blocked
    ::sigemptyset(&alarm);
    ::sigaddset(&alarm, SIGALRM);
    if (::sigprocmask(SIG_UNBLOCK, &alarm, nullptr) != 0) return fail_errno("unblocking SIGALRM");
    const itimerval timer{{}, {static_cast<time_t>(limit / 1000), static_cast<suseconds_t>(limit % 1000 * 1000)}};
    if (::setitimer(ITIMER_REAL, &timer, nullptr) != 0) return fail_errno("setting a timer");
    return {};
}

std::string names() {
    std::string out;
    for (const auto& agent : all_agents())
        if (!agent.tools.empty()) out += (out.empty() ? "" : ", ") + std::string(agent.name);
    return out;
}

Result<const Agent*> agent_of(const std::string& name) {
    const auto* agent = find_agent(name);
    if (agent != nullptr && !agent->tools.empty()) return agent;
    return fail(Code::bad_request, "there is no hook for '" + name + "'", "there are: " + names());
}

HookDecision denied(const Error& met) {
    const auto error = told_to_model(met);
    std::string text = "owhaled could not be asked, so it is denied: " + error.message;
    if (error.errnum != 0) text += ": " + std::string(::strerror(error.errnum));
    if (!error.next.empty()) text += " (" + error.next + ")";
    return {HookDecision::Kind::deny, escaped(text), {}};
}

Result<int> answer(Context& context, const Arguments& arguments) {
    const auto* agent = TRY(agent_of(arguments.agent));
    CHECK(set_deadline(arguments.timeout));
    if (is_terminal(STDIN_FILENO))
        return fail(Code::bad_request, "this is for an agent, which writes its call to stdin",
                    "owhalectl agents add " + arguments.agent + " sets it up");
    const auto text = TRY(read_hook_input());
    const auto call = TRY(read_hook_call(*agent, text));
    const auto decision = rule_on(context, *agent, call);
    CHECK(print(hook_answer(*agent, call, decision ? *decision : denied(decision.error()))));
    return kOk;
}

// What went wrong before there was a call, or while it was answered, is a denial too.
Result<int> hook(Context& context, const Arguments& arguments) {
    const auto code = answer(context, arguments);
    if (code) return *code;
    complain(code.error());
    return kBlocked;
}

} // namespace

void declare_hook(Command root) {
    auto command = root.sub("hook", "Decide on a tool call of an agent: its hook calls this, with the call on stdin");
    auto arguments = std::make_shared<Arguments>();
    command.positional("AGENT", arguments->agent, "whose hook it is: " + names());
    command.option("--timeout", arguments->timeout, "TIME", "deny when it takes longer (5s)");
    command.handler([arguments](Context& context) { return hook(context, *arguments); });
}

} // namespace owhale::cli
