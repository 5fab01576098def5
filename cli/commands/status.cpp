// owhalectl status: what owhaled is doing.
#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <optional>

#include "cli/commands/commands.hpp"
#include "cli/escape.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/units.hpp"
#include "cli/upgrade.hpp"

namespace owhale::cli {
namespace {

// Doctor's row; none when it does not answer.
std::optional<api::Check> audit_log(Context& context) {
    const auto body = context.ask({.verb = "doctor"});
    const auto doctor = body ? read_doctor(*body) : std::unexpected(body.error());
    if (!doctor) return std::nullopt;
    const auto found = std::ranges::find(doctor->checks, "audit log", &api::Check::name);
    return found == doctor->checks.end() ? std::nullopt : std::optional(*found);
}

// The answer, and what the table says of the log beside it.
Status print_json(Context& context, const std::string& body) {
    boost::system::error_code error;
    auto value = boost::json::parse(body, error);
    const auto log = audit_log(context);
    if (log && value.is_object())
        value.get_object()["audit_log"] = {
            {"state", log->state}, {"detail", log->detail}, {"lost", log->lost}, {"fix", log->fix}};
    return print(json_text(context.look(), error ? body : boost::json::serialize(value)));
}

// Where owhaled listens, as it is typed: the answer is "HOST:PORT" or "off".
std::string tcp_in_words(const api::ServerStatus& status) {
    return status.tls_fingerprint ? "https://" + status.tcp + " (TLS), page at /app" : status.tcp;
}

Result<int> status(Context& context) {
    const auto body = TRY(context.ask({.verb = "status"}));
    if (context.look().format != Format::table) {
        CHECK(print_json(context, body));
        return kOk;
    }
    const auto status = TRY(read_status(body));
    const auto& peer = context.client().peer();
    Fields fields;
    fields.add("owhaled", status.version + (status.rootless ? ", rootless" : ", root mode"), Tone::bold);
    fields.add("Mode", status.mode);
    fields.add(peer.host ? "Address" : "Socket", describe(peer));
    fields.add("TCP", tcp_in_words(status));
    fields.add("Certificate", status.tls_fingerprint.value_or(""));
    fields.add("State", status.state_dir);
    fields.add("Started", in_seconds(status.started));
    fields.add("Runs", std::to_string(status.runs_live) + " live, " + std::to_string(status.runs_total) + " in all");
    fields.add("Connections", std::to_string(status.connections));
    if (const auto log = audit_log(context))
        fields.add("Audit log", log->detail, log->state == "ok" ? Tone::plain : Tone::warn);
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
