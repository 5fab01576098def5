#include <boost/json/serialize.hpp>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "base/whole_seconds.hpp"
#include "config/endpoint.hpp"
#include "identity/service.hpp"
#include "sandbox/layers.hpp"
#include "sandbox/machine.hpp"
#include "sandbox/runs.hpp"
#include "shared/openapi.hpp"
#include "vault/vault.hpp"
#include "verbs/doctor.hpp"
#include "verbs/doctor_userns.hpp"
#include "verbs/groups.hpp"
#include "verbs/reply.hpp"

namespace owhale::verbs {
namespace {

using boost::asio::awaitable;
using transport::Request;
using transport::Response;

Result<Response> health(const Services&, const Request& request) {
    CHECK(only(request, {}));
    return reply(api::Health{"ok"});
}

Result<Response> openapi_document(const Services& services, const Request&) {
    Response response;
    response.body = boost::json::serialize(openapi(services.version));
    return response;
}

// The port that the spawner really listens on: it may have been free for the kernel to choose, or busy.
std::string tcp_of(const Services& services) {
    const auto endpoint = config::parse_endpoint(services.settings.tcp);
    if (!endpoint || !*endpoint || services.ready.tcp_port == 0) return "off";
    return config::to_text(config::Endpoint{(*endpoint)->address, static_cast<std::uint16_t>(services.ready.tcp_port)});
}

Result<Response> status(const Services& services, const Request& request) {
    CHECK(only(request, {}));
    const auto counts = services.runs.counts();
    api::ServerStatus out;
    out.version = services.version;
    out.mode = services.settings.mode;
    out.state_dir = services.settings.state_dir;
    out.started = services.started;
    out.rootless = services.ready.rootless != 0;
    out.runs_live = counts.live;
    out.runs_total = counts.total;
    out.connections = services.connections ? services.connections() : 0;
    out.weaker = sandbox::weaker(services.ready);
    if (services.audit_checks)
        for (const auto& check : services.audit_checks())
            if (check.state != "ok") out.weaker.push_back(check.name + ": " + check.lost);
    for (const auto& freeze : services.identity.freezes.list(request.who()).freezes)
        out.frozen.push_back(freeze.principal);
    out.tcp = tcp_of(services);
    if (auto fingerprint = services.fingerprint(); !fingerprint.empty()) out.tls_fingerprint = std::move(fingerprint);
    return reply(out);
}

// Until when this connection's window is open to who asks.
std::optional<std::string> window_of(const Request& request) {
    const auto& window = request.connection->step_up;
    const auto left = window.until_ns - monotonic_ns();
    if (!window.is_of(request.who()) || left <= 0) return std::nullopt;
    return rfc3339(wall_clock_us() + left / 1000);
}

// Deciding takes a password, whichever its verb (shared/verbs.cpp): who has none to show is not told that it may.
bool is_of_use(const identity::Principal& who, identity::Permission permission) {
    const bool proves = (who.kind == identity::Kind::user && !who.for_agent) || who.kind == identity::Kind::device;
    return proves || permission != identity::Permission::approvals_decide;
}

Result<Response> whoami(const Services& services, const Request& request) {
    CHECK(only(request, {}));
    const auto& who = request.who();
    api::Whoami out;
    out.principal = who.name;
    out.why = who.why;
    if (who.kind != identity::Kind::device) out.roles = identity::role_names(who.role_set); // it has its powers alone
    out.peer = request.connection->peer.describe();
    if (!who.session.empty()) {
        out.session = who.session;
        out.expires = rfc3339(who.expires);
    }
    if (!who.profile.empty()) out.profile = who.profile;
    if (!who.cwd.empty()) out.cwd = who.cwd;
    if (who.kind == identity::Kind::device) out.device_name = who.device;
    out.must_change_password = who.must_change;
    out.stepped_up_until = window_of(request);
    for (const auto& row : identity::permissions()) {
        if (!is_of_use(who, row.permission)) continue;
        if (who.may(row.permission, true)) out.permissions.emplace_back(row.name);
        if (who.may(row.permission, false)) out.permissions.emplace_back(std::string(row.name) + ":any");
    }
    out.daemon = "owhaled " + services.version + ", pid " + std::to_string(::getpid()) +
                 (services.ready.rootless != 0 ? ", rootless" : ", root mode");
    return reply(out);
}

api::Check check_frozen(const Services& services, const identity::Principal& who) {
    api::Check check{"frozen", "ok", "nobody", "", ""};
    const auto freezes = services.identity.freezes.list(who).freezes;
    if (freezes.empty()) return check;
    check.state = "weaker";
    check.detail.clear();
    for (const auto& freeze : freezes)
        check.detail += (check.detail.empty() ? "" : ", ") +
                        (freeze.principal == identity::kEverybody ? "everybody" : freeze.principal) + " since " +
                        whole_seconds(freeze.since) + " by " + freeze.by;
    check.lost = "they start nothing, and what they ran is held still";
    check.fix = "owhalectl thaw, or owhalectl thaw --principal NAME";
    return check;
}

api::Check check_egress(const Services& services) {
    api::Check check{"egress", "ok", "", "", ""};
    const auto& dns = services.settings.dns;
    check.detail = "on, names are asked of " + (dns.empty() ? "the servers in /etc/resolv.conf" : dns);
    if (services.settings.egress == "on") return check;
    check.state = "weaker";
    check.detail = "off: owhaled itself connects nowhere";
    check.lost = "no run has a scoped network: it is none, or the host's";
    check.fix = "egress = on, and a restart";
    return check;
}

api::Check check_vault(const Services& services) {
    const auto* vault = services.vault;
    if (vault == nullptr) return {"vault", "missing", "not served here", "", ""};
    const auto& keep = vault->keep();
    api::Check check{"vault", "ok",
                     std::to_string(keep.rows().size()) + " secrets, key " + keep.key_id() + ", from " + keep.how(), "",
                     ""};
    if (const auto& why = vault->closed()) {
        check.state = "missing";
        check.detail = why->message;
        check.lost = "no secret is stored, shown or used";
        check.fix = why->next;
    } else if (keep.rekey_begun()) {
        check.state = "weaker";
        check.lost = "a rekey was cut off: the new key lies beside the old one";
        check.fix = "owhalectl secrets rekey --file, once more, as root";
    }
    return check;
}

Result<Response> doctor(const Services& services, const Request& request) {
    CHECK(only(request, {}));
    utsname name{};
    ::uname(&name);
    std::vector<api::Check> more{TRY(services.identity.first_password()), check_frozen(services, request.who()),
                                 check_vault(services), check_egress(services),
                                 examine_userns(sandbox::machine().userns, services.settings.rootless)};
    if (services.network_checks)
        for (auto& check : services.network_checks()) more.push_back(std::move(check));
    if (services.audit_checks)
        for (auto& check : services.audit_checks()) more.push_back(std::move(check));
    return reply(examine(services.ready, name.release, *services.settings.rules, std::move(more)));
}

Result<Response> config_show(const Services& services, const Request& request) {
    CHECK(only(request, {}));
    api::ConfigList out;
    for (const auto& row : services.settings.rows) out.settings.push_back({row.key, row.value, row.source, row.help});
    return reply(out);
}

} // namespace

std::vector<transport::Route> system_routes(const Services& services) {
    const auto now = answered_now(services);
    return {
        {"health", now(health), {}}, {"openapi", now(openapi_document), {}},
        {"status", now(status), {}}, {"whoami", now(whoami), {}},
        {"doctor", now(doctor), {}}, {"config.show", now(config_show), {}},
    };
}

} // namespace owhale::verbs
