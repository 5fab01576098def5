// owhalectl logout: ends the session at owhaled, and forgets its token.
#include <filesystem>

#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"

namespace owhale::cli {
namespace {

// A session that ended already is what was asked for.
bool over_already(const Error& error) {
    return describe(error.code).status == 401;
}

// The names that Peer.name may have had: nobody answered who would tell.
std::vector<std::string> names_of(const Where& where) {
    if (where.host) return {where.host->url()};
    std::vector<std::string> names;
    for (const auto& one : where.sockets) {
        std::error_code error;
        const auto real = std::filesystem::weakly_canonical(one.path, error);
        names.push_back(error ? one.path : real.string());
    }
    return names;
}

// owhaled is gone, or shows another certificate: the token goes all the same, and the session is told to be left.
Error forget_unasked(Context& context, Error error) {
    const auto where = context.where();
    if (token_in_environment() || !where) return error;
    bool any = false;
    for (const auto& name : names_of(*where)) any = forget_every_token(name).value_or(false) || any;
    if (!any) return error;
    error.message = "the token is forgotten here, but the session could not be ended there: " + error.message;
    error.next = "it ends by itself when its time is over; until then owhalectl sessions ls and rm, logged in again, "
                 "reach it";
    return error;
}

// A file that holds no token, or that was not believed.
Status forget_unread(Context& context, const Error& error) {
    if (token_in_environment() || !TRY(forget_token(context.client().peer().name))) return std::unexpected(error);
    note(error.message);
    note("it is removed; there was no session to end");
    return {};
}

Status tell(Context& context, const std::string& who, bool ended) {
    if (context.globals().quiet) return {};
    note(ended ? "logged out: the session of " + who + " is over" : "the session of " + who + " was over already");
    if (token_in_environment()) note("OWHALE_TOKEN is still set: unset it");
    return {};
}

Result<int> logout(Context& context) {
    const auto asked = context.ask({.verb = "health"});
    if (!asked && !over_already(asked.error())) return std::unexpected(forget_unasked(context, asked.error()));
    const auto* token = context.client().token();
    if (token == nullptr && !asked) {
        CHECK(forget_unread(context, asked.error()));
        return kOk;
    }
    if (token == nullptr) {
        if (!context.globals().quiet) note("you were not logged in");
        return kOk;
    }
    const auto who = token->principal.empty() ? "the token in OWHALE_TOKEN" : token->principal;
    const auto ended = context.ask({.verb = "logout"});
    if (!ended && !over_already(ended.error())) return std::unexpected(forget_unasked(context, ended.error()));
    if (!token_in_environment()) TRY(forget_token(context.client().peer().name));
    CHECK(tell(context, who, ended.has_value()));
    return kOk;
}

} // namespace

void declare_logout(Command root) {
    root.sub("logout", "End the session, and forget its token").handler(logout);
}

} // namespace owhale::cli
