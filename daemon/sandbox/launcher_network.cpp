// The launcher's part about a run's network: what it may reach, what egress is told, and the secrets that it uses.
#include "sandbox/launcher.hpp"

#include <algorithm>
#include <cstring>

#include "base/log.hpp"
#include "redact/redactor.hpp"
#include "sandbox/agreed_hosts.hpp"
#include "sandbox/machine.hpp"
#include "sandbox/record.hpp"
#include "sandbox/request_network.hpp"
#include "sandbox/scope.hpp"
#include "sandbox/unpublished.hpp"

namespace owhale::sandbox {
namespace {

using boost::asio::awaitable;

constexpr std::string_view kEndpointSuffix = ".owhale.internal"; // egress upgrades these to TLS

std::vector<api::SecretUse> uses_of(const Prepared& prepared) {
    if (prepared.scope) return prepared.scope->secrets;
    return prepared.request.secrets.value_or(std::vector<api::SecretUse>{});
}

bool is_value(const api::SecretUse& use) {
    return use.as == "env";
}

// Where a program that takes a base URL is told to go: in plain HTTP, to owhaled alone; or by TLS, which owhaled reads.
std::string endpoint_of(const api::SecretHost& host, bool inspected) {
    auto url = inspected ? "https://" + host.host : "http://" + host.host + std::string(kEndpointSuffix);
    if (host.port != 443) url += ":" + std::to_string(host.port);
    return host.paths && host.paths->size() == 1 ? url + host.paths->front() : url;
}

constexpr std::string_view kInspect = "--inspect, and owhaled puts it in";

// Nothing of the run leads it to owhaled by plain HTTP, and nobody looks into what it encrypts itself.
bool stays_unread(const vault::RunSecret& secret) {
    const auto by_tls = [](const api::SecretHost& host) { return host.port != 80; };
    return secret.endpoint_variable.empty() && std::ranges::any_of(secret.hosts, by_tls);
}

api::Hint unread_hint(const vault::RunSecret& secret) {
    return {"the secret " + secret.name +
                " is not put into TLS that the run makes itself: the host gets its placeholder",
            std::string(kInspect)};
}

api::Hint homeless_hint(const vault::RunSecret& secret) {
    return {"the secret " + secret.name + " names no host, so that its placeholder is worth nothing anywhere",
            "owhalectl secrets set " + secret.name + " --host HOST; or --secret " + secret.name + "=env"};
}

// Of a secret that the run cannot use: told at once, not when the run has failed.
bool is_unusable(const api::Hint& hint) {
    return hint.next == kInspect || hint.what.find(" names no host, so") != std::string::npos;
}

Status set_variable(std::map<std::string, std::string>& env, const std::string& name, std::string value) {
    if (env.emplace(name, std::move(value)).second) return {};
    return fail(Code::invalid_value, "two secrets want the variable " + name,
                "--secret NAME alone, or another variable");
}

bool has_broker(const api::NetScope& scope, std::string_view name) {
    return std::ranges::find(scope.brokers, name) != scope.brokers.end();
}

Error no_agent(const api::RunRequest& request, int err) {
    if (!request.ssh_auth_sock)
        return {Code::invalid_value,
                "--broker ssh-agent needs an agent, and SSH_AUTH_SOCK is not set",
                "start one (eval `ssh-agent`), add a key (ssh-add), and try again",
                0,
                {}};
    const std::string why = err == EPERM ? "another user listens there" : std::strerror(err > 0 ? err : ENOTCONN);
    return {Code::invalid_value,
            "the ssh-agent of " + printable(*request.ssh_auth_sock) + " cannot be reached: " + why,
            "`ssh-add -l` should list its keys",
            err,
            {}};
}

} // namespace

// The request's net is the one that it gets from here on.
Status Launcher::choose_network(Prepared& prepared, const Caller& caller) const {
    auto& request = prepared.request;
    request.net = network_of(request, *prepared.profile, parts_.settings);
    prepared.scope.reset();
    if (*request.net != "scoped") {
        if (!caller.asker || !request.secrets) return {};
        api::NetScope alone;
        alone.secrets = *request.secrets;
        return hold_scope(alone, *caller.asker);
    }
    if (parts_.network == nullptr || parts_.settings.egress != "on")
        return fail(Code::unsupported, "there is no scoped network here: owhaled runs with egress = off",
                    "egress = on in owhaled.conf, and a restart; or --net none");
    prepared.scope = TRY(make_scope({request, *prepared.profile, parts_.settings, parts_.hosts, caller.principal}));
    return caller.asker ? hold_scope(*prepared.scope, *caller.asker) : Status{};
}

void Launcher::narrow_network(Prepared& prepared) const {
    if (!prepared.scope) return;
    auto taken = narrow_scope(*prepared.scope, prepared.ceiling);
    if (taken.empty()) return;
    std::string hosts;
    for (std::size_t i = 0; i < taken.size() && i < 8; ++i) (hosts += i == 0 ? "" : ", ") += taken[i];
    if (taken.size() > 8) hosts += " and " + std::to_string(taken.size() - 8) + " more";
    prepared.narrowed.push_back({"the rule " + prepared.verdict.rule + " lets it run without these hosts: " + hosts,
                                 "a rule that allows it with a wider `ceiling`"});
}

Status Launcher::take_placeholders(Prepared& prepared, const Caller& caller, NetRun& to) const {
    const auto uses = uses_of(prepared);
    prepared.secret_env.clear();
    if (uses.empty()) return {};
    if (!parts_.secrets.for_run || !caller.who)
        return fail(Code::vault_unavailable, "there is no vault here, or it is not known any more who asks",
                    "ask again");
    to.secrets = TRY(parts_.secrets.for_run(*caller.who, prepared.profile->name, uses));
    auto& env = prepared.secret_env;
    for (const auto& secret : to.secrets) {
        CHECK(set_variable(env, secret.variable, secret.placeholder));
        if (!secret.endpoint_variable.empty() && !secret.hosts.empty() && prepared.scope)
            CHECK(set_variable(env, secret.endpoint_variable,
                               endpoint_of(secret.hosts.front(), prepared.scope->inspected)));
        // What the secret may be sent to, the run may reach.
        if (prepared.scope)
            for (const auto& host : secret.hosts)
                prepared.scope->hosts.push_back(
                    {host.host, std::vector<std::uint16_t>{host.port}, {}, {}, "secret " + secret.name});
    }
    return {};
}

Status Launcher::take_secrets(Prepared& prepared, const Caller& caller, NetRun& to) const {
    prepared.env_secrets.clear();
    prepared.secret_values.clear();
    CHECK(take_placeholders(prepared, caller, to));
    for (const auto& secret : to.secrets) {
        if (secret.hosts.empty())
            prepared.narrowed.push_back(homeless_hint(secret));
        else if (prepared.scope && !prepared.scope->inspected && stays_unread(secret))
            prepared.narrowed.push_back(unread_hint(secret));
    }
    auto& env = prepared.secret_env;
    for (const auto& use : uses_of(prepared)) {
        if (!is_value(use)) continue;
        auto value = TRY(parts_.secrets.open_value(*caller.who, prepared.profile->name, use));
        prepared.secret_values.insert(value.variable);
        prepared.env_secrets.emplace_back(value.owner, value.name);
        CHECK(set_variable(env, value.variable, std::string(value.value.text())));
        prepared.narrowed.push_back({"it can read the secret " + use.name + " in its environment, print and keep it",
                                     "--secret " + use.name + " gives it a placeholder instead"});
    }
    return {};
}

// Of secrets that cannot be had nothing is known: what is wrong with them is said when they are taken.
std::optional<api::NetScope> Launcher::know_placeholders(Prepared& prepared, const Caller& caller,
                                                         policy::Facts& facts) const {
    auto scope = prepared.scope;
    NetRun known;
    if (scope && take_placeholders(prepared, caller, known)) {
        for (const auto& secret : known.secrets) facts.placeholders.insert(secret.variable);
        for (const auto& [name, value] : prepared.secret_env) facts.env[name] = value; // above the request's own
        scope.swap(prepared.scope);                                                    // it has the secrets' hosts
    }
    prepared.secret_env.clear();
    return scope;
}

Status Launcher::prepare_network(Prepared& prepared, const Caller& caller, std::uint64_t number) const {
    auto run = std::make_shared<NetRun>();
    CHECK(take_secrets(prepared, caller, *run));
    if (!prepared.scope) return {};
    if (prepared.verdict.decision == "allow") narrow_network(prepared); // the secrets' hosts, too
    add_named(*prepared.scope, prepared.named_hosts);                   // part of what is shown, frozen and agreed to
    auto& resolution = prepared.looked.held.resolution;
    if (has_broker(*prepared.scope, "ssh-agent")) {
        if (!prepared.profile->unix_sockets)
            return fail(Code::invalid_value,
                        "--broker ssh-agent needs sockets by name, which the profile " + prepared.profile->name +
                            " refuses",
                        "--profile build permits them");
        if (!resolution.ssh_agent) return std::unexpected(no_agent(prepared.request, resolution.facts.ssh_agent));
        run->ssh_agent = std::make_shared<Fd>(std::move(resolution.ssh_agent));
    }
    run->number = number;
    run->id = prepared.id;
    run->principal = caller.principal;
    run->payer = caller.payer;
    run->uid = caller.uid;
    run->profile = prepared.profile->name;
    run->workspace = prepared.looked.decision.path;
    run->command = prepared.command.shown;
    redact::redact_arguments(run->command);
    run->scope = *prepared.scope;
    run->ssh_keys = prepared.profile->network.ssh_keys;
    run->most_bytes = parts_.settings.net_bytes;
    run->most_connections = parts_.settings.net_connections;
    run->most_at_once = parts_.settings.net_connections_at_once;
    const bool has_agent = run->ssh_agent != nullptr;
    prepared.cage_net = TRY(parts_.network->prepare(std::move(run)));
    if (has_agent) prepared.cage_net.environment["SSH_AUTH_SOCK"] = wire::kSshAgentSocket;
    prepared.lease = NetLease(*parts_.network, number);
    for (auto& [path, content] : prepared.cage_net.files)
        if (path == kResolverFile) path = machine().resolver_file;
    return {};
}

void Launcher::open_network(Run& run, Prepared& prepared, RunPieces pieces) const {
    for (const auto& [owner, name] : prepared.env_secrets) parts_.secrets.note_value(owner, name, run.id());
    if (!prepared.scope) return;
    prepared.lease.used();
    run.cage.networked = true;
    parts_.network->open(run.number(), pieces.facts, std::move(pieces.pieces), std::move(pieces.host_ports));
}

void Launcher::tell_unread(Run& run, const Prepared& prepared) const {
    for (const auto& note : prepared.notes) run.say("owhaled: " + note);
    for (const auto& hint : prepared.narrowed)
        if (is_unusable(hint)) run.say("owhaled: " + hint.what + " (" + hint.next + ")");
}

awaitable<void> Launcher::publish_ports(Run& run, std::vector<api::Publish> ports) {
    for (const auto& port : ports) {
        auto copy = port;
        const auto chosen = co_await parts_.network->publish(run.number(), std::move(copy));
        if (!chosen) co_return end_unpublished(parts_.spawner, run, port.host, chosen.error());
    }
}

void Launcher::close_network(Run& run) const {
    if (!run.cage.networked) return;
    run.cage.networked = false;
    auto report = parts_.network->close(run.number());
    run.receipt.weaker.insert(run.receipt.weaker.end(), report.weaker.begin(), report.weaker.end());
    if (parts_.hosts != nullptr) parts_.hosts->note_used(run.record.principal, run.cage.profile, report);
    run.receipt.network = report;
    run.record.network = std::move(report);
}

} // namespace owhale::sandbox
