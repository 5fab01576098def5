// owhalectl passwd: a new password for the account that is logged in.
#include <algorithm>
#include <ctime>
#include <memory>

#include "cli/accounts.hpp"
#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/passwords.hpp"
#include "cli/units.hpp"

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

// Good ones of the account, as far as owhaled says.
std::size_t agents_tokens(Context& context) {
    const auto body = context.ask({.verb = "tokens.list"});
    const auto list = body ? read_tokens(*body) : std::unexpected(body.error());
    if (!list) return 0;
    const auto now = std::time(nullptr);
    return static_cast<std::size_t>(std::ranges::count_if(
        list->tokens, [now](const auto& token) { return !token.revoked && parse_time(token.expires) > now; }));
}

// Paired ones of the account that have not expired.
std::size_t devices(Context& context) {
    const auto body = context.ask({.verb = "devices.list"});
    const auto list = body ? read_devices(*body) : std::unexpected(body.error());
    if (!list) return 0;
    const auto now = std::time(nullptr);
    return static_cast<std::size_t>(
        std::ranges::count_if(list->devices, [now](const auto& device) { return parse_time(device.expires) > now; }));
}

Result<int> passwd(Context& context, bool from_stdin) {
    CHECK(refuse_in_cage(context));
    const auto name = TRY(own_account(context));
    const auto old = TRY(current_password("Present password of " + name + ": ", from_stdin));
    if (auto changed = change_password(context, name, old, from_stdin); !changed) {
        if (changed.error().code == Code::credentials_wrong) changed.error().message = "the present password is wrong";
        return std::unexpected(std::move(changed).error());
    }
    if (context.globals().quiet) return kOk;
    note("the password of " + name + " is changed; its other sessions are over");
    if (const auto count = agents_tokens(context); count > 0)
        note((count == 1 ? "1 token of an agent stays" : std::to_string(count) + " tokens of agents stay") +
             " good: owhalectl tokens ls lists, tokens rm revokes");
    if (const auto count = devices(context); count > 0)
        note((count == 1 ? "1 device stays" : std::to_string(count) + " devices stay") +
             " paired: owhalectl devices ls lists, devices rm removes");
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
