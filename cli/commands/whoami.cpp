// owhalectl whoami: who owhaled takes us for, what we may do, and which owhaled that is.
#include "cli/accounts.hpp"
#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"

namespace owhale::cli {
namespace {

void add_token(Fields& fields, Context& context, const api::Whoami& self) {
    if (const auto* token = context.client().token()) fields.add("Token", token->source);
    if (const auto* device = context.client().device())
        fields.add("Device", "of " + device->principal + ", signs with " + device->source);
    fields.add("Expires", when(self.expires));
    fields.add("Session", self.session.value_or(""));
    if (self.profile) fields.add("Confined to", "profile " + *self.profile, Tone::warn);
    if (self.cwd) fields.add("Confined to", "folder " + *self.cwd, Tone::warn);
    if (self.must_change_password) fields.add("First", "change the password: owhalectl passwd", Tone::warn);
    if (self.stepped_up_until) fields.add("Stepped up", "until " + when(self.stepped_up_until));
}

Result<int> whoami(Context& context) {
    const auto body = TRY(context.ask({.verb = "whoami"}));
    if (TRY(context.printed_json(body))) return kOk;
    const auto self = TRY(read_whoami(body));
    const auto& peer = context.client().peer();
    Fields fields;
    fields.add("Principal", self.principal, Tone::bold);
    fields.add("Called", self.device_name.value_or(""));
    fields.add("Because", self.why);
    if (self.peer != self.principal) fields.add("Connection", self.peer);
    fields.add("Roles", self.roles.empty() ? "none" : joined(self.roles));
    const auto own = in_words(self.permissions, false);
    fields.add("May", own.empty() ? "nothing yet (owhalectl login)" : own);
    fields.add("Of everyone's", in_words(self.permissions, true));
    add_token(fields, context, self);
    fields.add("owhaled", self.daemon);
    fields.add(peer.host ? "Address" : "Socket", describe(peer));
    CHECK(print(fields.text(context.look())));
    return kOk;
}

} // namespace

void declare_whoami(Command root) {
    root.sub("whoami", "Show who you are to owhaled, what you may do, and which owhaled it is").handler(whoami);
}

} // namespace owhale::cli
