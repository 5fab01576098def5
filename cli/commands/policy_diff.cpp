// owhalectl policy diff: which commands of the past would get another verdict by other rules.
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <map>
#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/drawing.hpp"
#include "cli/escape.hpp"
#include "cli/exit_codes.hpp"
#include "cli/policy_history.hpp"
#include "cli/policy_options.hpp"
#include "cli/policy_verdicts.hpp"
#include "cli/units.hpp"
#include "policy/normal/normalize.hpp"

namespace owhale::cli {
namespace {

struct Arguments {
    PolicyOptions options;
    std::string before, after, commands, most = "1000";
    bool history = false, alone = false;
};

struct Change {
    std::string command;
    policy::Verdict before, after;
};

// These rules behind the shipped ones, or these alone: a whole set of one's own.
Result<Rules> rules_at(const Arguments& arguments, const std::string& path) {
    auto sources = arguments.alone ? std::vector<policy::Source>() : policy::shipped_sources();
    if (path != "none")
        for (auto& source : TRY(read_sources(path, policy::Origin::system))) sources.push_back(std::move(source));
    return policy::load_rules(sources);
}

Result<policy::Facts> facts_for(const Arguments& arguments, const PastCommand& past) {
    auto facts = past.cwd.empty() ? TRY(facts_of(arguments.options)) : TRY(facts_of(arguments.options, past.cwd));
    if (!past.workspace.empty()) facts.workspace = past.workspace;
    return facts;
}

Result<std::vector<Change>> changes(const Arguments& arguments, const std::vector<PastCommand>& commands) {
    const auto before = TRY(rules_at(arguments, arguments.before));
    const auto after = TRY(rules_at(arguments, arguments.after));
    const auto mode = mode_of(arguments.options);
    std::vector<Change> out;
    for (const auto& past : commands) {
        const auto facts = TRY(facts_for(arguments, past));
        const auto form = policy::normalize(past.request, facts);
        Change change{form.text, policy::judge(*before, form, facts, mode, past.request.net),
                      policy::judge(*after, form, facts, mode, past.request.net)};
        if (change.before.decision != change.after.decision) out.push_back(std::move(change));
    }
    return out;
}

std::string table_of(const Look& look, const std::vector<Change>& all, std::size_t commands) {
    Table table({"BEFORE", "AFTER", "RULE", "COMMAND"}, 3);
    std::map<std::string, std::size_t> kinds;
    for (const auto& change : all) {
        const std::string before(policy::name_of(change.before.decision)),
            after(policy::name_of(change.after.decision));
        const auto& rule = change.after.decision > change.before.decision ? change.after.rule : change.before.rule;
        table.row({{before, tone_of(change.before.decision)},
                   {after, tone_of(change.after.decision)},
                   {rule},
                   {in_one_line(change.command)}});
        ++kinds[before + " to " + after];
    }
    std::string out = all.empty() ? "" : table.text(look) + "\n";
    out += std::to_string(all.size()) + " of " + std::to_string(commands) + " commands change";
    for (const auto& [kind, count] : kinds)
        out += (kind == kinds.begin()->first ? ": " : ", ") + std::to_string(count) + " from " + kind;
    return out + "\n";
}

std::string json_of(const std::vector<Change>& all, std::size_t commands) {
    boost::json::array list;
    for (const auto& change : all)
        list.push_back(
            {{"command", escaped(change.command)},
             {"before", {{"verdict", policy::name_of(change.before.decision)}, {"rule", change.before.rule}}},
             {"after", {{"verdict", policy::name_of(change.after.decision)}, {"rule", change.after.rule}}}});
    return boost::json::serialize(boost::json::object{{"commands", commands}, {"changes", std::move(list)}});
}

Result<int> diff(Context& context, const Arguments& arguments) {
    if (arguments.history == !arguments.commands.empty())
        return fail(Code::bad_request, "which commands?",
                    "--history takes them from owhaled's log, --commands FILE from a file");
    const auto most = TRY(parse_count(arguments.most, "--limit", 1, 1'000'000));
    const auto commands =
        arguments.history ? TRY(audited_commands(context, most)) : TRY(commands_in(arguments.commands));
    const auto all = TRY(changes(arguments, commands));
    const auto& look = context.look();
    CHECK(print(look.format == Format::table ? table_of(look, all, commands.size())
                                             : json_text(look, json_of(all, commands.size()), "changes")));
    return kOk;
}

} // namespace

void declare_policy_diff(Command policy) {
    auto command = policy.sub("diff", "Say which commands of the past would get another verdict by other rules");
    auto arguments = std::make_shared<Arguments>();
    command.positional("OLD", arguments->before, "rules before: a folder or a file; none", Kind::file);
    command.positional("NEW", arguments->after, "rules after", Kind::file);
    command.flag("--history", arguments->history, "judge what was run, by owhaled's audit log");
    command.option("--commands", arguments->commands, "FILE", "judge these: one a line, or JSON Lines", Kind::file);
    command.option("--limit", arguments->most, "N", "of the log, at most so many of the newest (1000)");
    command.flag("--alone", arguments->alone, "OLD and NEW are all the rules: leave the shipped ones out");
    declare(command, arguments->options);
    command.handler([arguments](Context& context) { return diff(context, *arguments); });
}

} // namespace owhale::cli
