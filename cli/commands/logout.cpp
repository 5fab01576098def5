// owhalectl logout: ends the session at owhaled, and forgets its token.
#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"

namespace owhale::cli {
namespace {

// A session that ended already is what was asked for.
bool over_already(const Error& error) {
    return describe(error.code).status == 401;
}

Result<int> logout(Context& context) {
    const auto asked = context.ask({.verb = "health"});
    if (!asked && !over_already(asked.error())) return std::unexpected(asked.error());
    const auto* token = context.client().token();
    if (token == nullptr) {
        if (!context.globals().quiet) note("you were not logged in");
        return kOk;
    }
    const auto who = token->principal.empty() ? "the token in OWHALE_TOKEN" : token->principal;
    const auto ended = context.ask({.verb = "logout"});
    if (!ended && !over_already(ended.error())) return std::unexpected(ended.error());
    if (!token_in_environment()) TRY(forget_token(context.client().peer().name));
    if (context.globals().quiet) return kOk;
    note(ended ? "logged out: the session of " + who + " is over" : "the session of " + who + " was over already");
    if (token_in_environment()) note("OWHALE_TOKEN is still set: unset it");
    return kOk;
}

} // namespace

void declare_logout(Command root) {
    root.sub("logout", "End the session, and forget its token").handler(logout);
}

} // namespace owhale::cli
