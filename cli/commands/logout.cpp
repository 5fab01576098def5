// owhalectl logout: ends the session at owhaled, and forgets its token; or the key of a paired device.
#include <filesystem>

#include "cli/commands/commands.hpp"
#include "cli/device_store.hpp"
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

// The same for a device's key, which owhaled need not be asked about.
Error forget_unreached_device(const Where& where, Error error) {
    if (!where.host || !forget_device(*where.host).value_or(false)) return error;
    error.message = "this machine's device key is forgotten, but owhaled could not be told: " + error.message;
    error.next = "owhalectl devices ls and rm, logged in there, end the device itself";
    return error;
}

// owhaled is gone, or shows another certificate: the token goes all the same, and the session is told to be left.
Error forget_unasked(Context& context, Error error) {
    const auto where = context.where();
    if (token_in_environment() || !where) return error;
    bool any = false;
    for (const auto& name : names_of(*where)) any = forget_every_token(name).value_or(false) || any;
    if (!any) return error.code == Code::unreachable ? forget_unreached_device(*where, std::move(error)) : error;
    error.message = "the token is forgotten here, but the session could not be ended there: " + error.message;
    error.next = "it ends by itself when its time is over; until then owhalectl sessions ls and rm, logged in again, "
                 "reach it";
    return error;
}

// A file that holds no token and no key, or that was not believed.
Status forget_unread(Context& context, const Error& error) {
    if (token_in_environment()) return std::unexpected(error);
    const auto& peer = context.client().peer();
    if (!TRY(forget_token(peer.name)) && !(peer.host && TRY(forget_device(*peer.host)))) return std::unexpected(error);
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

// Without a login it is a device's key that is shown. That key is nowhere else: where the device had not ended, it cannot be
// used any more, and is still to be removed there.
Result<int> forget_this_device(Context& context, const KeptDevice& device, const Result<std::string>& asked) {
    TRY(forget_device(*context.client().peer().host));
    if (context.globals().quiet) return kOk;
    note("this machine's device key is forgotten: " + device.source + " is removed");
    note(!asked ? "owhaled did not take it any more: " + asked.error().message
                : "the device is still in " + device.principal + "'s list there: owhalectl devices rm " + device.id);
    return kOk;
}

Result<int> logout(Context& context) {
    const auto asked = context.ask({.verb = "health"});
    if (!asked && !over_already(asked.error())) return std::unexpected(forget_unasked(context, asked.error()));
    if (const auto* device = context.client().device()) return forget_this_device(context, *device, asked);
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
    root.sub("logout", "End the session, and forget its token; on a paired device, forgets this machine's device key")
        .handler(logout);
}

} // namespace owhale::cli
