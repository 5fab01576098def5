// owhalectl policy suggest: rules, as a file has them, for what people agree to again and again.
#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/escape.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/units.hpp"
#include "policy/ruleset.hpp"

namespace owhale::cli {
namespace {

constexpr std::uint64_t kHour = 3'600'000; // ms

struct Arguments {
    std::string since = "7d";
};

// A rule whose examples do not hold, such as one with a masked secret in it, would make the whole file useless.
bool holds(const std::string& text) {
    auto sources = policy::shipped_sources();
    sources.push_back({"suggested", text, policy::Origin::system, {}, true});
    return policy::load_rules(sources, policy::Verify::added).has_value();
}

std::string spared(const api::Suggestion& suggestion) {
    return std::to_string(suggestion.spares) + (suggestion.spares == 1 ? " question" : " questions") + " of " +
           suggestion.rule;
}

Result<int> suggest(Context& context, const Arguments& arguments) {
    const auto ms = TRY(parse_duration_ms(arguments.since, "--since"));
    const auto hours = std::max<std::uint64_t>((ms + kHour - 1) / kHour, 1);
    const auto body = TRY(context.ask({.verb = "approvals.stats", .query = {{"hours", std::to_string(hours)}}}));
    if (TRY(context.printed_json(body, "suggestions"))) return kOk;
    std::string out;
    std::size_t left_out = 0;
    for (const auto& one : TRY(read_stats(body)).suggestions) {
        if (one.kind != "rule") continue;
        if (!holds(one.text)) {
            ++left_out;
            continue;
        }
        out += (out.empty() ? "" : "\n") + std::string("# It would have spared ") + escaped(spared(one)) + ".\n" +
               one.text;
    }
    CHECK(print(out));
    if (left_out > 0)
        note(std::to_string(left_out) + " more would not hold by themselves: owhalectl approvals stats tells");
    if (context.globals().quiet) return kOk;
    note(out.empty() ? "nothing was agreed to that a rule would have spared"
                     : "say in each rule why it is right here; then owhalectl policy test FILE, and into policy.d");
    return kOk;
}

} // namespace

void declare_policy_suggest(Command policy) {
    auto command = policy.sub("suggest", "Print rules that would have spared questions, for you to read and keep");
    auto arguments = std::make_shared<Arguments>();
    command.option("--since", arguments->since, "TIME", "of what was approved so far back: 24h, 7d (7d)");
    command.handler([arguments](Context& context) { return suggest(context, *arguments); });
}

} // namespace owhale::cli
