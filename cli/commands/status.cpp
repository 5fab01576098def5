// owhalectl status: what owhaled is doing.
#include "cli/commands/commands.hpp"
#include "cli/escape.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/units.hpp"
#include "cli/upgrade.hpp"

namespace owhale::cli {
namespace {

// Of doctor's rows; "" when it does not answer.
std::string audit_line(Context& context) {
    const auto body = context.ask({.verb = "doctor"});
    const auto doctor = body ? read_doctor(*body) : std::unexpected(body.error());
    if (!doctor) return {};
    for (const auto& check : doctor->checks)
        if (check.name == "audit log") return check.detail;
    return {};
}

Result<int> status(Context& context) {
    const auto body = TRY(context.ask({.verb = "status"}));
    if (TRY(context.printed_json(body))) return kOk;
    const auto status = TRY(read_status(body));
    const auto& peer = context.client().peer();
    Fields fields;
    fields.add("owhaled", status.version + (status.rootless ? ", rootless" : ", root mode"), Tone::bold);
    fields.add("Mode", status.mode);
    fields.add(peer.host ? "Address" : "Socket", describe(peer));
    fields.add("TCP", status.tcp);
    fields.add("Certificate", status.tls_fingerprint.value_or(""));
    fields.add("State", status.state_dir);
    fields.add("Started", in_seconds(status.started));
    fields.add("Runs", std::to_string(status.runs_live) + " live, " + std::to_string(status.runs_total) + " in all");
    fields.add("Connections", std::to_string(status.connections));
    fields.add("Audit log", audit_line(context));
    const auto upgrade = peer.host || status.rootless ? std::nullopt : waiting_upgrade();
    if (upgrade) fields.add("Upgrade", escaped(*upgrade) + " waits for: " + kUpgradeCommand, Tone::warn);
    for (const auto& principal : status.frozen)
        fields.add("Frozen", principal == "*" ? "everybody" : principal, Tone::bad);
    for (const auto& weaker : status.weaker) fields.add("Weaker", weaker, Tone::warn);
    CHECK(print(fields.text(context.look())));
    return kOk;
}

} // namespace

void declare_status(Command root) {
    root.sub("status", "Show what owhaled is doing").handler(status);
}

} // namespace owhale::cli
