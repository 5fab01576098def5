// owhalectl passwd: a new password for the account that is logged in.
#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/passwords.hpp"

namespace owhale::cli {
namespace {

constexpr std::string_view kAccount = "user:";

Result<std::string> own_account(Context& context) {
    const auto body = TRY(context.ask({.verb = "whoami"}));
    auto who = TRY(read_whoami(body)).principal;
    if (who.starts_with(kAccount)) return who.substr(kAccount.size());
    return fail(Code::unauthenticated,
                "passwd changes the password of the account that is logged in, and you are " + who,
                "owhalectl login NAME");
}

Result<int> passwd(Context& context, bool from_stdin) {
    const auto name = TRY(own_account(context));
    const auto old = TRY(current_password("Present password of " + name + ": ", from_stdin));
    CHECK(change_password(context, name, old, from_stdin));
    if (!context.globals().quiet) note("the password of " + name + " is changed; its other sessions are over");
    return kOk;
}

} // namespace

void declare_passwd(Command root) {
    auto command = root.sub("passwd", "Change your account's password; its other sessions end");
    auto from_stdin = std::make_shared<bool>(false);
    command.flag("--password-stdin", *from_stdin, "read the present password and the new one, a line each, from stdin");
    command.handler([from_stdin](Context& context) { return passwd(context, *from_stdin); });
}

} // namespace owhale::cli
