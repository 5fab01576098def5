// owhalectl tokens: what an agent shows to owhaled instead of a login, narrower than who made it.
#include <ctime>
#include <filesystem>
#include <memory>

#include "cli/accounts.hpp"
#include "cli/commands/commands.hpp"
#include "cli/each.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/passwords.hpp"
#include "cli/units.hpp"

namespace owhale::cli {
namespace {

constexpr auto kList = "owhalectl tokens ls lists the ids";

struct Arguments {
    std::string role, ttl, profile, cwd, label;
    bool password_stdin = false;
};

std::string state_of(const api::Token& token) {
    if (token.revoked) return "revoked";
    return parse_time(token.expires) <= std::time(nullptr) ? "expired" : "good";
}

Result<int> list(Context& context, const Whose& whose) {
    Call call{.verb = "tokens.list"};
    ask_for(whose, call);
    const auto body = TRY(context.ask(std::move(call)));
    if (TRY(context.printed_json(body, "tokens"))) return kOk;
    const auto tokens = TRY(read_tokens(body)).tokens;
    Table table({"ID", "OF", "ROLE", "STATE", "ENDS", "USED", "PROFILE", "FOLDER", "LABEL"}, 7);
    std::string ids;
    for (const auto& token : tokens) {
        ids += token.id + "\n";
        const auto state = state_of(token);
        table.row({{token.id},
                   {token.principal},
                   {token.role},
                   {state, state == "good" ? Tone::good : Tone::bad},
                   {when_in_short(token.expires)},
                   {token.last_used ? format_age(*token.last_used, std::time(nullptr)) : "-", Tone::dim},
                   {token.profile.value_or("-")},
                   {token.cwd.value_or("-")},
                   {token.label.value_or("")}});
    }
    CHECK(print(context.globals().quiet ? ids : table.text(context.look())));
    return kOk;
}

Result<std::string> id_of(Context& context, const std::string& named) {
    if (auto whole = TRY(whole_or_part(named, "token", kList)); !whole.empty()) return whole;
    const auto body = TRY(context.ask({.verb = "tokens.list"}));
    std::vector<std::string> ids;
    for (const auto& token : TRY(read_tokens(body)).tokens) ids.push_back(token.id);
    return meant_id(named, ids, "token", kList);
}

Result<int> show(Context& context, const std::string& named) {
    const auto id = TRY(id_of(context, named));
    const auto body = TRY(context.ask({.verb = "tokens.show", .id = id}));
    if (TRY(context.printed_json(body))) return kOk;
    const auto token = TRY(read_token(body));
    const auto state = state_of(token);
    Fields fields;
    fields.add("Token", token.id, Tone::bold);
    fields.add("Label", token.label.value_or(""));
    fields.add("Of", token.principal);
    fields.add("Role", token.role);
    fields.add("State", state, state == "good" ? Tone::good : Tone::bad);
    fields.add("Profile", token.profile.value_or("any"));
    fields.add("Folder", token.cwd.value_or("any"));
    fields.add("Made", when(token.created));
    fields.add("Made with", token.maker.value_or(""));
    fields.add("Ends", when(token.expires));
    fields.add("Last used", token.last_used ? when(token.last_used) : "never");
    fields.add("Revoked", when(token.revoked));
    CHECK(print(fields.text(context.look())));
    return kOk;
}

Result<int> remove(Context& context, const std::vector<std::string>& named) {
    return for_each_named(named, [&](const std::string& one) -> Status {
        const auto id = TRY(id_of(context, one));
        TRY(context.ask({.verb = "tokens.revoke", .id = id}));
        return print(id + "\n");
    });
}

Result<std::string> whole_path(const std::string& path) {
    std::error_code error;
    const auto whole = std::filesystem::absolute(path, error).lexically_normal().string();
    if (error) return fail(Code::cwd_missing, "the current folder is gone, or out of reach", "give --cwd a whole path");
    return whole.size() > 1 && whole.ends_with('/') ? whole.substr(0, whole.size() - 1) : whole;
}

// On this machine a slip shows before a token is made of it. What is out of reach here may be in reach of a run.
Status check_folder(Context& context, const std::string& path) {
    const auto where = TRY(context.where());
    if (where.host) return {};
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (status.type() == std::filesystem::file_type::not_found)
        return fail(Code::cwd_missing, "--cwd " + path + " does not exist", "make it first, or name one that exists");
    if (error || status.type() == std::filesystem::file_type::directory) return {};
    return fail(Code::cwd_not_directory, "--cwd " + path + " is no folder", "name the folder that it is in");
}

Result<api::TokenRequest> request_of(const Arguments& arguments) {
    api::TokenRequest request;
    if (arguments.role.empty() || arguments.ttl.empty())
        return fail(Code::bad_request, "a token needs a role and a time to live",
                    "owhalectl tokens add --role agent --ttl 24h");
    request.role = arguments.role;
    request.ttl_ms = TRY(parse_duration_ms(arguments.ttl, "--ttl"));
    if (!arguments.profile.empty()) request.profile = arguments.profile;
    if (!arguments.cwd.empty()) request.cwd = TRY(whole_path(arguments.cwd));
    if (!arguments.label.empty()) request.label = arguments.label;
    return request;
}

// The token stands alone on stdout, for $(…) and files.
Result<int> add(Context& context, const Arguments& arguments) {
    const auto request = TRY(request_of(arguments));
    if (request.cwd) CHECK(check_folder(context, *request.cwd));
    CHECK(prove_from_stdin(context, arguments.password_stdin));
    const auto body = TRY(context.ask(
        {.verb = "tokens.create", .body = write(request), .act = "make a token with the role " + request.role}));
    if (TRY(context.printed_json(body))) return kOk;
    const auto made = TRY(read_token_made(body));
    CHECK(print(made.access_token + "\n"));
    if (context.globals().quiet) return kOk;
    note("token " + made.token.id + " is shown this once; it ends " + when(made.token.expires));
    note("hand it over in the environment: OWHALE_TOKEN=… owhalectl run -- CMD; as a header: Authorization: Bearer …");
    return kOk;
}

void declare_add(Command tokens) {
    auto command = tokens.sub("add", "Make a token for an agent, and print it; it can never do more than you");
    auto arguments = std::make_shared<Arguments>();
    command.option("--role", arguments->role, "ROLE", "one that you have: agent, approver, auditor, monitor or admin",
                   Kind::role);
    command.option("--ttl", arguments->ttl, "TIME", "how long it is good: 30m, 24h, 7d");
    command.option("--profile", arguments->profile, "NAME", "its runs use this profile alone", Kind::profile);
    command.option("--cwd", arguments->cwd, "DIR", "its runs work in this folder or below it alone", Kind::folder);
    command.option("--label", arguments->label, "TEXT", "for lists, 64 characters at most");
    declare_proof(command, arguments->password_stdin);
    command.handler([arguments](Context& context) { return add(context, *arguments); });
}

} // namespace

void declare_tokens(Command root) {
    auto tokens = root.sub("tokens", "Tokens for agents, narrower than your own rights");
    declare_add(tokens);
    auto listed = tokens.sub("ls", "List your tokens, newest first");
    auto whose = std::make_shared<Whose>();
    declare(listed, *whose, "tokens");
    listed.handler([whose](Context& context) { return list(context, *whose); });
    auto shown = tokens.sub("show", "Show a token; what it is made of was printed once");
    auto id = std::make_shared<std::string>();
    shown.positional("ID", *id, "the token", Kind::token_id);
    shown.handler([id](Context& context) { return show(context, *id); });
    auto removed = tokens.sub("rm", "Revoke tokens, and those that were made with them");
    auto named = std::make_shared<std::vector<std::string>>();
    removed.positionals("ID", *named, "the tokens", Kind::token_id);
    removed.handler([named](Context& context) { return remove(context, *named); });
}

} // namespace owhale::cli
