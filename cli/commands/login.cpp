// owhalectl login: a name and a password for a token, which is kept.
#include <cstdlib>
#include <memory>
#include <pwd.h>
#include <unistd.h>

#include "cli/accounts.hpp"
#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/passwords.hpp"
#include "cli/prompt.hpp"
#include "cli/run_options.hpp"

namespace owhale::cli {
namespace {

constexpr std::size_t kMostCode = 256;
constexpr int kTries = 3;

struct Arguments {
    std::vector<std::string> user;
    bool password_stdin = false;
    std::string setup_code;
};

std::string own_name() {
    if (const char* user = std::getenv("USER"); user != nullptr && *user != '\0') return user;
    const passwd* account = ::getpwuid(::geteuid());
    return account != nullptr ? account->pw_name : "";
}

Result<std::string> name_of(Context& context, const Arguments& arguments) {
    if (arguments.user.size() > 1) return fail(Code::bad_request, "login takes one USER", "owhalectl login NAME");
    if (!arguments.user.empty()) return arguments.user.front();
    // Over TCP owhaled tells nobody whether it stands; but nobody else needs a code.
    if (!arguments.setup_code.empty() || first_password_stands(context)) return "admin";
    auto name = own_name();
    if (name.empty()) return fail(Code::bad_request, "there is no name to log in by", "owhalectl login NAME");
    return name;
}

Result<std::optional<std::string>> code_of(const Arguments& arguments) {
    if (arguments.setup_code.empty()) return std::nullopt;
    auto text = TRY(read_text(arguments.setup_code, kMostCode, "the setup code"));
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    return text;
}

// The password must be changed first: leads into it where somebody can, and says so where nobody can.
Result<int> lead_into_change(Context& context, const std::string& name, const Secret& old, bool from_stdin) {
    auto fresh = from_stdin ? TRY(next_secret_from_stdin("the new password")) : Secret();
    if (from_stdin && fresh.empty())
        return fail(Code::password_change_required,
                    "logged in as " + name + ", but the password must be changed before anything else",
                    "owhalectl passwd, or give the new password as a second line of stdin");
    if (from_stdin) {
        CHECK(replace_password(context, old, fresh));
    } else {
        say("This password must be changed before anything else.\n");
        CHECK(change_password(context, name, old, false));
    }
    if (!context.globals().quiet) note("the password is changed");
    return kOk;
}

Status tell(Context& context, const LoggedIn& done) {
    const auto& login = done.login;
    if (context.look().format != Format::table) return print(json_text(context.look(), told_as_json(login)));
    if (context.globals().quiet) return {};
    CHECK(print("logged in as " + login.principal + " (" + joined(login.roles) + ") until " + when(login.expires_at) +
                "\n"));
    note("the token is kept in " + done.file);
    if (token_in_environment()) note("OWHALE_TOKEN is set, and wins over it: unset it");
    return {};
}

// Whoever types a wrong one is asked again; what stdin holds is tried once.
Result<LoggedIn> ask_and_log_in(Context& context, const std::string& name, const std::optional<std::string>& code,
                                bool from_stdin, Secret& password) {
    std::string before; // what went wrong, said when nothing is echoed any more
    for (int tries = 1;; ++tries) {
        password = TRY(current_password(before + "Password of " + name + ": ", from_stdin));
        auto done = log_in(context, name, password, code);
        const bool wrong = !done && done.error().code == Code::credentials_wrong;
        if (!wrong || from_stdin || tries == kTries) return done;
        before = "owhaled: " + done.error().message + "\n";
    }
}

Result<int> login(Context& context, const Arguments& arguments) {
    TRY(context.ask({.verb = "health", .anonymous = true})); // is it there, and is it the right one? Then the password
    CHECK(refuse_in_cage(context));
    const auto name = TRY(name_of(context, arguments));
    const auto code = TRY(code_of(arguments));
    Secret password;
    const auto done = TRY(ask_and_log_in(context, name, code, arguments.password_stdin, password));
    if (done.login.must_change_password) TRY(lead_into_change(context, name, password, arguments.password_stdin));
    CHECK(tell(context, done));
    return kOk;
}

} // namespace

void declare_login(Command root) {
    auto command = root.sub("login", "Log in to an account: asks for its password, and keeps a token");
    auto arguments = std::make_shared<Arguments>();
    command.positionals("[USER]", arguments->user, "the account; default: your own name", Kind::user, false);
    command.flag("--password-stdin", arguments->password_stdin,
                 "read the password from stdin; a second line is the new one, where it must be changed");
    command.option("--setup-code", arguments->setup_code, "FILE",
                   "the first login over TCP: a file with the content of owhaled's setup-code", Kind::file);
    command.handler([arguments](Context& context) { return login(context, *arguments); });
}

} // namespace owhale::cli
