// owhalectl setup: leads through the first start: a password for the first account, and who may use the socket.
#include <cstdlib>
#include <memory>
#include <unistd.h>

#include "cli/access.hpp"
#include "cli/accounts.hpp"
#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/passwords.hpp"
#include "cli/prompt.hpp"

namespace owhale::cli {
namespace {

struct Arguments {
    std::vector<std::string> allow, deny, forget;
    std::string admin = "admin";
    bool show = false, password_stdin = false;
};

using Act = Status (*)(Context&, const Admission&);

bool here(Context& context) {
    const auto where = context.where();
    return where && !where->host;
}

// --- who may use the socket

// All of them, or the first word that is wrong: nothing is applied by halves.
Result<std::vector<Admission>> read_all(Context& context, const std::vector<std::string>& words) {
    std::vector<Admission> admissions;
    for (const auto& word : words) admissions.push_back(TRY(read_admission(word, here(context))));
    return admissions;
}

Status apply(Context& context, const std::vector<Admission>& admissions, Act act) {
    for (const auto& admission : admissions) CHECK(act(context, admission));
    return {};
}

Result<int> change_access(Context& context, const Arguments& arguments) {
    const auto allowed = TRY(read_all(context, arguments.allow));
    const auto denied = TRY(read_all(context, arguments.deny));
    const auto forgotten = TRY(read_all(context, arguments.forget));
    CHECK(prove_from_stdin(context, arguments.password_stdin));
    CHECK(apply(context, allowed, admit));
    CHECK(apply(context, denied, refuse));
    CHECK(apply(context, forgotten, forget));
    if (context.globals().quiet) return kOk;
    const auto table = TRY(access_table(context, context.look()));
    CHECK(print(table));
    return kOk;
}

Status apply_and_show(Context& context, const std::vector<Admission>& admissions) {
    CHECK(apply(context, admissions, admit));
    say("\n" + TRY(access_table(context, Look{})) + "\n");
    return {};
}

std::vector<std::string> words_of(const std::string& line) {
    std::vector<std::string> words;
    for (std::size_t at = 0; at < line.size();) {
        const auto end = std::min(line.find(' ', at), line.size());
        if (end > at) words.push_back(line.substr(at, end - at));
        at = end + 1;
    }
    return words;
}

// Root is asked; with a mistyped name among them, all are asked for again. Ctrl-D is done, as Enter is.
Status ask_for_access(Context& context, const api::ServerStatus& status) {
    if (::geteuid() != 0 || status.rootless || !here(context) || !can_ask()) return {};
    say("\nWho may use owhaled's socket? At present:\n\n" + TRY(access_table(context, Look{})) +
        "\nName users, or groups with an @, each with its roles if it is to have others than agent, such as\n"
        "  alice @dev bob:agent,auditor\nIt holds at once. sudo owhalectl setup --allow, --deny and --forget change it "
        "later.\n");
    const char* sudo_user = std::getenv("SUDO_USER");
    const std::string hint =
        sudo_user != nullptr && *sudo_user != '\0' ? std::string(" (you are ") + sudo_user + ")" : "";
    for (;;) {
        const auto line = TRY(ask_line("Users and groups" + hint + ", or Enter to leave it so: "));
        const auto words = words_of(line.value_or(""));
        if (words.empty()) return {};
        const auto admissions = read_all(context, words);
        if (admissions) return apply_and_show(context, *admissions);
        say(admissions.error().message + ": nobody was let in yet\n");
    }
}

// --- the first account

constexpr auto kFirstName = "admin", kFirstPassword = "admin"; // of a fresh owhaled in local mode

// The first account is root's to set up; on an owhaled of one's own, whose user never meets this, it is that user's.
Error for_root(Context& context, Error error) {
    if (error.code != Code::forbidden || !here(context) || ::geteuid() == 0) return error;
    const auto& socket = context.client().peer().where;
    const std::string named = socket.source == "the system's" ? "" : "--socket " + socket.path + " ";
    error.message = "setup is for root: " + error.message;
    error.next = "sudo owhalectl " + named + "setup";
    return error;
}

// Nobody stays logged in as admin in root's home: who set owhaled up logs in as themselves afterwards.
Status leave_if_root(Context& context) {
    if (::geteuid() != 0) return {};
    TRY(context.ask({.verb = "logout"}));
    TRY(forget_token(context.client().peer().name));
    context.client().reconnect();
    return {};
}

Status local_account(Context& context, const Arguments& arguments) {
    const Secret first{std::string(kFirstPassword)};
    const auto in = log_in(context, kFirstName, first);
    if (!in) return std::unexpected(for_root(context, in.error()));
    if (!arguments.password_stdin)
        say("A fresh owhaled has one account, admin, whose password everybody knows. It can do nothing but get\na new "
            "one, and only from here. Choose it now: it is asked for when something is changed that an agent\nmust not "
            "change, so do not put it where an agent can read it.\n\n");
    CHECK(change_password(context, kFirstName, first, arguments.password_stdin));
    return leave_if_root(context);
}

Status strict_account(Context& context, const Arguments& arguments) {
    if (!arguments.password_stdin)
        say("owhaled has no account yet. The first one is " + arguments.admin +
            ", with the role admin.\nIts password is asked for when something is changed that an agent must not "
            "change, "
            "so do not put it\nwhere an agent can read it.\n\n");
    return with_new_password(arguments.admin, arguments.password_stdin, [&](const Secret& fresh) -> Status {
        api::UserRequest request{arguments.admin, {"admin"}, fresh.text()};
        Call call{.verb = "users.create", .body = write(request), .act = "add the first account"};
        wipe(*request.password);
        TRY(context.ask(std::move(call)));
        if (::geteuid() != 0) TRY(log_in(context, arguments.admin, fresh));
        return {};
    });
}

std::string account_of(const std::string& mode, const Arguments& arguments) {
    return mode == "strict" ? arguments.admin : kFirstName;
}

Status first_account(Context& context, const std::string& mode, const Arguments& arguments) {
    if (!first_password_stands(context)) {
        if (arguments.password_stdin)
            return fail(Code::conflict,
                        "the first account has a password of its own already: the password on stdin was not used",
                        "owhalectl passwd, logged in to that account, changes it");
        note("the first account has a password of its own already");
        return {};
    }
    if (!arguments.password_stdin && !can_ask())
        return fail(Code::unauthenticated, "there is no terminal to ask for the first account's password on",
                    "run owhalectl setup in a terminal, or give the new password on stdin with --password-stdin");
    CHECK(mode == "strict" ? strict_account(context, arguments) : local_account(context, arguments));
    note("the password of " + account_of(mode, arguments) + " is set");
    return {};
}

// As whoami says: whoever is no root and set the password was logged in on the way.
std::string next_steps(Context& context, const std::string& name) {
    const auto body = context.ask({.verb = "whoami"});
    const auto self = body ? read_whoami(*body) : std::unexpected(body.error());
    const bool logged_in = self && self->principal.starts_with("user:");
    const std::string first = logged_in
                                  ? "  owhalectl whoami: you are logged in as " + self->principal + "\n"
                                  : "  owhalectl login " + name + ", as yourself: whoami says what you may do then\n";
    return "Try next:\n" + first +
           "  owhalectl users add NAME --role agent, for somebody else\n"
           "  owhalectl tokens add --role agent --ttl 24h, for an agent\n"
           "  owhalectl run -- id, a command in a cage\n"
           "  owhalectl mode, for what local and strict mean\n";
}

Result<int> lead(Context& context, const Arguments& arguments) {
    CHECK(refuse_in_cage(context));
    const auto body = context.ask({.verb = "status", .anonymous = true});
    if (!body) return std::unexpected(for_root(context, body.error()));
    const auto status = TRY(read_status(*body));
    CHECK(first_account(context, status.mode, arguments));
    if (!arguments.password_stdin) CHECK(ask_for_access(context, status));
    if (context.look().format == Format::table && !context.globals().quiet)
        CHECK(print(next_steps(context, account_of(status.mode, arguments))));
    return kOk;
}

Result<int> setup(Context& context, const Arguments& arguments) {
    const bool changes = !arguments.allow.empty() || !arguments.deny.empty() || !arguments.forget.empty();
    if (arguments.show && (changes || arguments.password_stdin))
        return fail(Code::bad_request, "setup --show changes nothing, so it goes with none of setup's other options",
                    "owhalectl setup --show alone; the others show the new table by themselves");
    if (arguments.show) {
        const auto table = TRY(access_table(context, context.look()));
        CHECK(print(table));
        return kOk;
    }
    if (changes) return change_access(context, arguments);
    return lead(context, arguments);
}

} // namespace

void declare_setup(Command root) {
    auto command = root.sub("setup", "Set owhaled up: the first account's password, and who may use the socket");
    auto arguments = std::make_shared<Arguments>();
    command.options("--allow", arguments->allow, "USER[:ROLES]",
                    "give a user, or a @GROUP, or * for everybody, these roles on the socket (agent), at once");
    command.options("--deny", arguments->deny, "USER", "close the socket to a user, a @GROUP or *, at once");
    command.options("--forget", arguments->forget, "USER", "take out what --allow or --deny said of them");
    command.flag("--show", arguments->show, "show who may use the socket, and change nothing");
    command.option("--admin", arguments->admin, "NAME", "strict mode: the first account's name (admin)");
    command.flag("--password-stdin", arguments->password_stdin,
                 "read the first account's new password from stdin; with --allow and its like your own");
    command.handler([arguments](Context& context) { return setup(context, *arguments); });
}

} // namespace owhale::cli
