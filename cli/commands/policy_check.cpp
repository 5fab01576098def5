// owhalectl policy check: what the rules would say to a command, without running it and without owhaled.
#include <boost/json/serialize.hpp>
#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/policy_options.hpp"
#include "cli/policy_stream.hpp"
#include "cli/policy_verdicts.hpp"
#include "policy/normal/normalize.hpp"

namespace owhale::cli {
namespace {

struct Arguments {
    PolicyOptions options;
    SubjectOptions subject;
    bool stream = false, json = false;
};

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
    const auto form = policy::normalize(request, facts);
    const auto verdict = policy::decide(*rules, form, facts, mode_of(arguments.options), request.net);
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
    declare(command, arguments->options);
    declare(command, arguments->subject);
    command.handler([arguments](Context& context) { return check(context, *arguments); });
}

} // namespace owhale::cli
