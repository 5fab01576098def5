// owhalectl whoami: who owhaled takes us for, what we may do, and which owhaled that is.
#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"

namespace owhale::cli {
namespace {

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const auto& word : words) out += (out.empty() ? "" : ", ") + word;
    return out;
}

Result<int> whoami(Context& context) {
    const auto body = TRY(context.ask({.verb = "whoami"}));
    if (TRY(context.printed_json(body))) return kOk;
    const auto self = TRY(read_whoami(body));
    const auto& peer = context.client().peer();
    Fields fields;
    fields.add("Principal", self.principal, Tone::bold);
    fields.add("Because", self.why);
    fields.add("Roles", joined(self.roles));
    fields.add("May", joined(self.permissions));
    fields.add("owhaled", self.daemon);
    fields.add("Socket",
               peer.where.path + " (" + peer.where.source + "; served by uid " + std::to_string(peer.uid) + ")");
    CHECK(print(fields.text(context.look())));
    return kOk;
}

} // namespace

void declare_whoami(Command root) {
    root.sub("whoami", "Show who you are to owhaled, and which owhaled it is").handler(whoami);
}

} // namespace owhale::cli
