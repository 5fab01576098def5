// owhalectl policy check: what the rules would say to a command, without running it and without owhaled.
#include <boost/json/serialize.hpp>
#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/policy_options.hpp"
#include "cli/policy_stream.hpp"
#include "cli/policy_verdicts.hpp"
#include "policy/normal/normalize.hpp"
#include "shared/host_text.hpp"

namespace owhale::cli {
namespace {

struct Arguments {
    PolicyOptions options;
    SubjectOptions subject;
    std::vector<std::string> hosts; // asked for beside the command
    bool stream = false, json = false;
};

struct Judged {
    policy::NormalForm form;
    policy::Verdict verdict;
};

struct Bench { // who judges, and as if where
    const policy::Ruleset& rules;
    const policy::Facts& facts;
    policy::Mode mode;

    Judged judge(const policy::Request& request) const {
        auto form = policy::normalize(request, facts);
        auto verdict = policy::decide(rules, form, facts, mode, request.net);
        return {std::move(form), std::move(verdict)};
    }
};

// As owhaled does: each host as if it were a command, and the strictest of all is the verdict.
Result<Judged> judged_with_hosts(const Bench& bench, policy::Request request, const std::vector<std::string>& hosts) {
    if (!hosts.empty() && request.net == "host")
        return fail(Code::bad_request, "--allow-host needs --net scoped, and --net host is given",
                    "leave out one of them");
    if (!hosts.empty()) request.net = "scoped";
    auto out = bench.judge(request);
    for (const auto& text : hosts) {
        const api::HostRule rule = TRY(owhale::parse_host(text));
        const auto& host = rule.host;
        policy::Request beside;
        const bool is_list = host.starts_with('@');
        beside.argv = {is_list ? "--allow-list" : "--allow-host", is_list ? host.substr(1) : host};
        auto other = bench.judge(beside);
        if (other.verdict.decision > out.verdict.decision) out = std::move(other);
    }
    return out;
}

Result<int> stream(const Arguments& arguments) {
    if (!arguments.subject.words.empty() || !arguments.subject.script.empty())
        return fail(Code::bad_request, "--stdin takes its commands from stdin", "leave out the command");
    CHECK(judge_stream(arguments.options));
    return kOk;
}

Result<int> check(Context& context, const Arguments& arguments) {
    if (arguments.stream) return stream(arguments);
    const auto request = TRY(request_of(arguments.subject));
    const auto facts = TRY(facts_of(arguments.options));
    const auto rules = TRY(rules_for(arguments.options, facts));
    const Bench bench{*rules, facts, mode_of(arguments.options)};
    const auto [form, verdict] = TRY(judged_with_hosts(bench, request, arguments.hosts));
    const auto& look = context.look();
    if (arguments.json || look.format != Format::table) {
        auto json_look = look;
        json_look.format = look.format == Format::table ? Format::json : look.format;
        CHECK(print(json_text(json_look, boost::json::serialize(verdict_json(form, verdict, true)))));
    } else if (context.globals().quiet) {
        CHECK(print(std::string(policy::name_of(verdict.decision)) + "\n"));
    } else {
        CHECK(print(verdict_text(look, form, verdict)));
    }
    return exit_of(verdict.decision);
}

} // namespace

void declare_policy_check(Command policy) {
    auto command =
        policy.sub("check", "Say whether a command would be allowed, and why: exit code 0 allow, 10 ask, 11 deny");
    auto arguments = std::make_shared<Arguments>();
    command.flag("--stdin", arguments->stream, "judge JSON Lines from stdin: {\"id\",\"command\",\"cwd\"}");
    command.flag("--json", arguments->json, "print JSON (as --stdin does)");
    command.options("--allow-host", arguments->hosts, "HOST[:PORT]",
                    "as if it asked for this host, too, and no line lets it through yet: a name, *.NAME, @LIST");
    declare(command, arguments->options);
    declare(command, arguments->subject);
    command.handler([arguments](Context& context) { return check(context, *arguments); });
}

} // namespace owhale::cli
