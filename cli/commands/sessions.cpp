// owhalectl sessions: where one is logged in, and the key that all sessions are signed with.
#include <ctime>
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

constexpr auto kList = "owhalectl sessions ls lists the ids";

Result<int> list(Context& context, const Whose& whose) {
    Call call{.verb = "sessions.list"};
    ask_for(whose, call);
    const auto body = TRY(context.ask(std::move(call)));
    if (TRY(context.printed_json(body, "sessions"))) return kOk;
    const auto sessions = TRY(read_sessions(body)).sessions;
    Table table({"ID", "OF", "BEGAN", "USED", "ENDS", "FROM"}, 5);
    std::string ids;
    for (const auto& session : sessions) {
        ids += session.id + "\n";
        const auto ends = session.revoked ? "ended" : when_in_short(session.expires);
        table.row({{session.id, session.current ? Tone::good : Tone::plain},
                   {session.principal + (session.current ? " (this one)" : "")},
                   {format_age(session.created, std::time(nullptr)), Tone::dim},
                   {session.last_used ? format_age(*session.last_used, std::time(nullptr)) : "-", Tone::dim},
                   {ends, session.revoked ? Tone::bad : Tone::plain},
                   {session.peer}});
    }
    CHECK(print(context.globals().quiet ? ids : table.text(context.look())));
    return kOk;
}

Result<std::string> id_of(Context& context, const std::string& named) {
    if (auto whole = TRY(whole_or_part(named, "session", kList)); !whole.empty()) return whole;
    const auto body = TRY(context.ask({.verb = "sessions.list"}));
    std::vector<std::string> ids;
    for (const auto& session : TRY(read_sessions(body)).sessions) ids.push_back(session.id);
    return meant_id(named, ids, "session", kList);
}

Result<int> remove_all(Context& context, const std::string& user) {
    Call call{.verb = "sessions.revoke_all"};
    ask_for({false, user}, call);
    const auto body = TRY(context.ask(std::move(call)));
    if (TRY(context.printed_json(body))) return kOk;
    const auto count = TRY(read_revoked(body)).revoked;
    CHECK(print(context.globals().quiet ? std::to_string(count) + "\n"
                                        : "ended " + std::to_string(count) +
                                              (user.empty() ? ", all but this one\n" : ", all of " + user + "\n")));
    return kOk;
}

Result<int> remove(Context& context, const std::vector<std::string>& named, bool all, const std::string& user) {
    if (all == !named.empty()) return fail(Code::bad_request, "name the sessions to end, or say --all", kList);
    if (all) return remove_all(context, user);
    if (!user.empty()) return fail(Code::bad_request, "--user goes with --all", kList);
    return for_each_named(named, [&](const std::string& one) -> Status {
        const auto id = TRY(id_of(context, one));
        TRY(context.ask({.verb = "sessions.revoke", .id = id}));
        return print(id + "\n");
    });
}

Result<int> rotate(Context& context, bool from_stdin) {
    CHECK(prove_from_stdin(context, from_stdin));
    const auto body = TRY(context.ask({.verb = "keys.rotate", .act = "replace the key that signs tokens"}));
    if (TRY(context.printed_json(body))) return kOk;
    const auto keys = TRY(read_key_rotated(body));
    if (context.globals().quiet) {
        CHECK(print(keys.kid + "\n"));
        return kOk;
    }
    Fields fields;
    fields.add("Signs from now on", keys.kid, Tone::bold);
    fields.add("Believed until their tokens expire", joined(keys.trusted));
    CHECK(print(fields.text(context.look())));
    return kOk;
}

void declare_rm(Command sessions) {
    auto command = sessions.sub("rm", "End sessions at once");
    auto named = std::make_shared<std::vector<std::string>>();
    auto all = std::make_shared<bool>(false);
    command.positionals("ID", *named, "the sessions", Kind::session_id, false);
    command.flag("--all", *all, "all of yours but the one that asks");
    auto user = std::make_shared<std::string>();
    command.option("--user", *user, "NAME", "with --all: all of this account's, for those who may", Kind::user);
    command.handler([named, all, user](Context& context) { return remove(context, *named, *all, *user); });
}

} // namespace

void declare_sessions(Command root) {
    auto sessions = root.sub("sessions", "Where you are logged in");
    auto listed = sessions.sub("ls", "List your sessions, newest first");
    auto whose = std::make_shared<Whose>();
    declare(listed, *whose, "sessions");
    listed.handler([whose](Context& context) { return list(context, *whose); });
    declare_rm(sessions);
    // Here, and not among the settings: sessions and tokens are all that this key is for.
    auto command = sessions.sub("rotate-key", "Sign new sessions and tokens with a new key; those there are stay good");
    auto from_stdin = std::make_shared<bool>(false);
    declare_proof(command, *from_stdin);
    command.handler([from_stdin](Context& context) { return rotate(context, *from_stdin); });
}

} // namespace owhale::cli
