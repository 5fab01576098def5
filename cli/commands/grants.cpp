// owhalectl grants: what is agreed to beforehand, and its end.
#include <ctime>
#include <memory>

#include "cli/approvals.hpp"
#include "cli/commands/commands.hpp"
#include "cli/device_names.hpp"
#include "cli/each.hpp"
#include "cli/escape.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/units.hpp"

namespace owhale::cli {
namespace {

constexpr auto kList = "owhalectl grants ls -a lists the ids";

struct ListArguments {
    std::string limit = "50";
    bool all = false;
};

std::string in_words(const api::Grant& grant) {
    if (grant.script) return *grant.script;
    std::string out;
    for (const auto& word : grant.command) out += (out.empty() ? "" : " ") + quoted_in_template(word);
    return out;
}

std::string uses_of(const api::Grant& grant) {
    return std::to_string(grant.used) + (grant.times ? " of " + std::to_string(*grant.times) : "");
}

Tone tone_of(const api::Grant& grant) {
    return grant.state == "active" ? Tone::good : grant.state == "void" ? Tone::warn : Tone::dim;
}

Result<int> list(Context& context, const ListArguments& arguments) {
    const auto limit = TRY(parse_count(arguments.limit, "--limit", 1, 500));
    Call call{.verb = "grants.list", .query = {{"limit", std::to_string(limit)}}};
    if (arguments.all) call.query.emplace_back("all", "1");
    const auto body = TRY(context.ask(std::move(call)));
    if (TRY(context.printed_json(body, "grants"))) return kOk;
    const auto now = std::time(nullptr);
    const auto& look = context.look();
    const bool whole = look.verbose || look.columns == 0; // ids and times, where there is room
    Table table({"ID", "FOR", "STATE", "USED", "ENDS", "COMMAND"}, 5);
    std::string ids;
    for (const auto& grant : TRY(read_grants(body)).grants) {
        ids += grant.id + "\n";
        table.row({{whole ? grant.id : short_id(grant.id)},
                   {called(grant.principal, std::nullopt)},
                   {grant.state, tone_of(grant)},
                   {uses_of(grant)},
                   {grant.expires ? (whole ? in_seconds(*grant.expires) : relative(*grant.expires, now)) : "-"},
                   {in_one_line(in_words(grant))}});
    }
    CHECK(print(context.globals().quiet ? ids : table.text(look)));
    return kOk;
}

// By how it begins, or ends: lists show ends.
Result<std::string> id_of(Context& context, const std::string& named) {
    if (auto whole = TRY(whole_or_part(named, "grant", kList)); !whole.empty()) return whole;
    const auto body = TRY(context.ask({.verb = "grants.list", .query = {{"all", "1"}, {"limit", "500"}}}));
    std::vector<std::string> ids;
    for (const auto& grant : TRY(read_grants(body)).grants) ids.push_back(grant.id);
    return meant_id(named, ids, "grant", kList);
}

Result<int> show(Context& context, const std::string& named) {
    const auto id = TRY(id_of(context, named));
    const auto body = TRY(context.ask({.verb = "grants.show", .id = id}));
    if (TRY(context.printed_json(body))) return kOk;
    const auto grant = TRY(read_grant(body));
    Fields fields;
    fields.add("Grant", grant.id, Tone::bold);
    fields.add("Command", in_words(grant));
    fields.add("State", grant.state, tone_of(grant));
    fields.add("Ended", grant.ended ? in_seconds(*grant.ended) : "");
    fields.add("Because", grant.ended_because.value_or(""));
    fields.add("For", called(grant.principal, std::nullopt));
    fields.add("Workspace", grant.workspace.empty() ? "none" : grant.workspace);
    fields.add("Folder", grant.cwd);
    fields.add("Profile", grant.profile);
    fields.add("Network", grant.net);
    fields.add("Asked by", grant.rule + " (" + grant.severity + ")");
    for (const auto& file : grant.binds)
        fields.add("Binds",
                   file.path + "  sha256:" + file.digest + (file.held ? "" : "  (others than root can write it)"));
    if (grant.trust_workspace) fields.add("Trusts", "the workspace: it runs code there that nothing binds", Tone::warn);
    fields.add("Used", uses_of(grant));
    fields.add("Last used", grant.last_used ? in_seconds(*grant.last_used) : "never");
    fields.add("Ends", grant.expires ? in_seconds(*grant.expires) : "");
    fields.add("Made", in_seconds(grant.created) + " by " + called(grant.by, std::nullopt));
    fields.add("Request", grant.approval);
    CHECK(print(fields.text(context.look())));
    return kOk;
}

Result<int> remove(Context& context, const std::vector<std::string>& named) {
    return for_each_named(named, [&](const std::string& one) -> Status {
        const auto id = TRY(id_of(context, one));
        TRY(context.ask({.verb = "grants.revoke", .id = id}));
        return print(id + "\n");
    });
}

} // namespace

void declare_grants(Command root) {
    auto grants = root.sub("grants", "What is agreed to beforehand: standing grants");
    auto listed = grants.sub("ls", "List the grants that stand, newest first");
    auto arguments = std::make_shared<ListArguments>();
    listed.flag("-a,--all", arguments->all, "those that have ended, too");
    listed.option("--limit", arguments->limit, "N", "at most so many (50; 500 is the most)");
    listed.handler([arguments](Context& context) { return list(context, *arguments); });
    auto shown = grants.sub("show", "Show a grant: what it covers, what it binds, how often it was used");
    auto id = std::make_shared<std::string>();
    shown.positional("ID", *id, "the grant");
    shown.handler([id](Context& context) { return show(context, *id); });
    auto removed = grants.sub("rm", "End grants at once");
    auto named = std::make_shared<std::vector<std::string>>();
    removed.positionals("ID", *named, "the grants");
    removed.handler([named](Context& context) { return remove(context, *named); });
}

} // namespace owhale::cli
