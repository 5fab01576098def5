// owhalectl policy explain: what a command would run and touch, drawn, and what each rule says of it.
#include <boost/json/serialize.hpp>
#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/policy_options.hpp"
#include "cli/policy_verdicts.hpp"
#include "policy/normal/normalize.hpp"

namespace owhale::cli {
namespace {

struct Arguments {
    PolicyOptions options;
    SubjectOptions subject;
};

Result<int> explain(Context& context, const Arguments& arguments) {
    const auto request = TRY(request_of(arguments.subject));
    const auto facts = TRY(facts_of(arguments.options));
    const auto rules = TRY(rules_for(arguments.options, facts));
    const auto form = policy::normalize(request, facts);
    const auto verdict = policy::decide(*rules, form, facts, mode_of(arguments.options), request.net);
    if (context.look().format != Format::table)
        CHECK(print(json_text(context.look(), boost::json::serialize(verdict_json(form, verdict, true)))));
    else
        CHECK(print(explanation(context.look(), form, verdict)));
    return kOk;
}

} // namespace

void declare_policy_explain(Command policy) {
    auto command =
        policy.sub("explain", "Draw what a command would run and touch, and what the rules say of each part");
    auto arguments = std::make_shared<Arguments>();
    declare(command, arguments->options);
    declare(command, arguments->subject);
    command.handler([arguments](Context& context) { return explain(context, *arguments); });
}

} // namespace owhale::cli
