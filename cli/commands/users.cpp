// owhalectl users: the accounts.
#include <memory>
#include <unistd.h>

#include "cli/accounts.hpp"
#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/passwords.hpp"
#include "cli/prompt.hpp"

namespace owhale::cli {
namespace {

struct Arguments {
    std::string name;
    std::vector<std::string> roles;
    bool password_stdin = false;
};

std::string state_of(const api::User& user) {
    if (user.disabled) return "disabled";
    return user.must_change_password ? "must change its password" : "active";
}

Tone tone_of(const api::User& user) {
    return user.disabled ? Tone::bad : user.must_change_password ? Tone::warn : Tone::plain;
}

Result<int> list(Context& context) {
    const auto body = TRY(context.ask({.verb = "users.list"}));
    if (TRY(context.printed_json(body, "users"))) return kOk;
    const auto users = TRY(read_users(body)).users;
    Table table({"NAME", "ROLES", "STATE", "SESSIONS", "TOKENS", "LAST LOGIN"}, 5);
    std::string names;
    for (const auto& user : users) {
        names += user.name + "\n";
        table.row({{user.name},
                   {joined(user.roles)},
                   {state_of(user), tone_of(user)},
                   {std::to_string(user.sessions)},
                   {std::to_string(user.tokens)},
                   {user.last_login ? when_in_short(*user.last_login) : "never", Tone::dim}});
    }
    CHECK(print(context.globals().quiet ? names : table.text(context.look())));
    return kOk;
}

Result<int> show(Context& context, const Arguments& arguments) {
    const auto body = TRY(context.ask({.verb = "users.show", .id = arguments.name}));
    if (TRY(context.printed_json(body))) return kOk;
    const auto user = TRY(read_user(body));
    Fields fields;
    fields.add("Account", user.name, Tone::bold);
    fields.add("Roles", joined(user.roles));
    fields.add("State", state_of(user), tone_of(user));
    fields.add("Created", when(user.created));
    fields.add("Password", user.password_changed ? "changed " + when(user.password_changed) : "never changed");
    fields.add("By", user.password_changed_by.value_or(""));
    fields.add("Last login", user.last_login ? when(user.last_login) : "never");
    fields.add("Sessions", std::to_string(user.sessions));
    fields.add("Tokens", std::to_string(user.tokens));
    CHECK(print(fields.text(context.look())));
    return kOk;
}

// A password that is shown this once: alone with -q.
Status print_one_time(Context& context, const std::string& name, const std::string& password) {
    if (context.globals().quiet) return print(password + "\n");
    Fields fields;
    fields.add("Account", name, Tone::bold);
    fields.add("One-time password", password, Tone::bold);
    CHECK(print(fields.text(context.look())));
    note("it is shown this once: hand it over; owhalectl login " + name + " asks for a new one at once");
    return {};
}

// stdin's first line is the new account's; a second one is ours.
Result<std::optional<std::string>> new_password(Context& context, const Arguments& arguments) {
    if (!arguments.password_stdin) return std::nullopt;
    const auto fresh = TRY(secret_from_stdin("the password of " + arguments.name));
    if (::isatty(STDIN_FILENO) != 1) {
        auto own = TRY(next_secret_from_stdin("your own password"));
        context.give_password(std::move(own));
    }
    return fresh.text();
}

Result<int> add(Context& context, const Arguments& arguments) {
    api::UserRequest request{arguments.name, split(arguments.roles), {}};
    if (request.roles.empty())
        return fail(Code::bad_request, "what may " + arguments.name + " do? --role says so",
                    "one or more of --role agent, approver, auditor, monitor, admin");
    request.password = TRY(new_password(context, arguments));
    Call call{.verb = "users.create", .body = write(request), .act = "add the account " + request.name};
    if (request.password) wipe(*request.password);
    auto reply = context.ask(std::move(call));
    if (!reply && reply.error().code == Code::step_up_required && arguments.password_stdin)
        reply.error().next = "a second line of stdin is your own password; or run it on a terminal";
    const auto body = TRY(std::move(reply));
    if (TRY(context.printed_json(body))) return kOk;
    const auto made = TRY(read_user_made(body));
    if (made.one_time_password) {
        CHECK(print_one_time(context, made.user.name, *made.one_time_password));
    } else if (!context.globals().quiet) {
        CHECK(print(made.user.name + " was added (" + joined(made.user.roles) + ")\n"));
    }
    return kOk;
}

Result<int> reset(Context& context, const Arguments& arguments) {
    CHECK(prove_from_stdin(context, arguments.password_stdin));
    const auto body = TRY(context.ask(
        {.verb = "users.reset", .id = arguments.name, .act = "give " + arguments.name + " a one-time password"}));
    if (TRY(context.printed_json(body))) return kOk;
    const auto made = TRY(read_one_time(body));
    CHECK(print_one_time(context, made.name, made.one_time_password));
    return kOk;
}

// `done` is what is said of it: "is disabled".
Result<int> change(Context& context, Call call, const std::string& done) {
    const auto name = call.id;
    const auto body = TRY(context.ask(std::move(call)));
    if (!body.empty() && TRY(context.printed_json(body))) return kOk;
    CHECK(print(context.globals().quiet ? name + "\n" : name + " " + done + "\n"));
    return kOk;
}

Result<int> role(Context& context, const Arguments& arguments) {
    CHECK(prove_from_stdin(context, arguments.password_stdin));
    const api::RolesRequest request{split(arguments.roles)};
    return change(context,
                  {.verb = "users.roles",
                   .id = arguments.name,
                   .body = write(request),
                   .act = "make " + arguments.name + " " + joined(request.roles)},
                  "is now " + joined(request.roles));
}

// remove, enable, disable
Handler act(std::shared_ptr<Arguments> arguments, std::string_view verb, std::string doing, std::string done) {
    return [=](Context& context) -> Result<int> {
        CHECK(prove_from_stdin(context, arguments->password_stdin));
        return change(context, {.verb = verb, .id = arguments->name, .act = doing + " " + arguments->name}, done);
    };
}

struct Declared {
    Command command;
    std::shared_ptr<Arguments> arguments;
};
Declared declare_one(Command users, const std::string& name, const std::string& help, bool needs_password) {
    auto command = users.sub(name, help);
    auto arguments = std::make_shared<Arguments>();
    command.positional("NAME", arguments->name, "the account", Kind::user);
    if (needs_password) declare_proof(command, arguments->password_stdin);
    return {command, arguments};
}

void declare_add(Command users) {
    auto command = users.sub("add", "Add an account; without a password it gets a one-time one, which is printed");
    auto arguments = std::make_shared<Arguments>();
    command.positional("NAME", arguments->name, "a letter a to z, then letters, digits and . _ -, 32 at most");
    command.options("--role", arguments->roles, "ROLE", "agent, approver, auditor, monitor or admin; may be repeated",
                    Kind::role);
    command.flag("--password-stdin", arguments->password_stdin,
                 "read its password from stdin; a second line is your own, where owhaled wants that");
    command.handler([arguments](Context& context) { return add(context, *arguments); });
}

} // namespace

void declare_users(Command root) {
    auto users = root.sub("users", "The accounts of owhaled");
    declare_add(users);
    users.sub("ls", "List the accounts").handler(list);
    auto [shown, one] = declare_one(users, "show", "Show an account", false);
    shown.handler([one](Context& context) { return show(context, *one); });
    auto [removed, gone] = declare_one(users, "rm", "Remove an account, its sessions and its live runs", true);
    removed.handler(act(gone, "users.remove", "remove the account", "is removed; its sessions and runs are over"));
    auto [enabled, on] = declare_one(users, "enable", "Let a disabled account log in again", true);
    enabled.handler(act(on, "users.enable", "enable the account", "is enabled"));
    auto [disabled, off] =
        declare_one(users, "disable", "End an account's sessions and live runs, and refuse new ones", true);
    disabled.handler(act(off, "users.disable", "disable the account", "is disabled; its sessions and runs are over"));
    auto [changed, roles] = declare_one(users, "role", "Replace an account's roles", true);
    changed.positionals("ROLE", roles->roles, "agent, approver, auditor, monitor or admin", Kind::role);
    changed.handler([roles](Context& context) { return role(context, *roles); });
    auto [again, lost] = declare_one(users, "reset", "Give an account a one-time password, which is printed", true);
    again.handler([lost](Context& context) { return reset(context, *lost); });
}

} // namespace owhale::cli
