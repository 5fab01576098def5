#include "cli/net_options.hpp"

#include "cli/environment.hpp"
#include "cli/units.hpp"
#include "shared/host_text.hpp"

namespace owhale::cli {
namespace {

// "NAME", "NAME=env", "NAME=placeholder". A value here would be in every list of processes.
Result<api::SecretUse> secret_use(const std::string& text) {
    const auto equals = text.find('=');
    api::SecretUse use;
    use.name = text.substr(0, equals);
    if (equals == std::string::npos) return use;
    const auto as = text.substr(equals + 1);
    if (as != "env" && as != "placeholder")
        return fail(Code::invalid_value, "--secret " + use.name + "=… is NAME, or NAME=env, and takes no value",
                    "owhalectl secrets set " + use.name + " stores one");
    use.as = as;
    return use;
}

Status set_lists(api::RunRequest& request, const NetOptions& options) {
    for (const auto& text : options.hosts) {
        if (!request.allow_hosts) request.allow_hosts.emplace();
        request.allow_hosts->push_back(TRY(parse_host(text)));
    }
    for (const auto& text : options.publish) {
        if (!request.ports) request.ports.emplace();
        request.ports->push_back(TRY(parse_publish(text)));
    }
    for (const auto& text : options.host_ports) {
        if (!request.host_ports) request.host_ports.emplace();
        request.host_ports->push_back(static_cast<std::uint16_t>(TRY(parse_count(text, "--host-port", 1, 65535))));
    }
    for (const auto& text : options.secrets) {
        if (!request.secrets) request.secrets.emplace();
        request.secrets->push_back(TRY(secret_use(text)));
    }
    return {};
}

} // namespace

void declare(Command command, NetOptions& options) {
    command.option(
        "--net", options.net, "NET",
        "none; scoped: the hosts that are allowed, by owhaled; host: this machine's, where that is permitted",
        Kind::choice, {"none", "scoped", "host"});
    command.options("--allow-host", options.hosts, "HOST[:PORT]", "a host that it may reach: a name, *.NAME, @LIST");
    command.options("-p,--publish", options.publish, "[ADDRESS:]HOST:PORT",
                    "a port of its own, on this machine's loopback");
    command.options("--host-port", options.host_ports, "PORT", "a port of this machine's loopback that it may reach");
    command.options("--secret", options.secrets, "NAME[=env]",
                    "a secret of the vault that it may use and not read; =env: that it may read");
    command.options("--broker", options.brokers, "ssh-agent", "lets it sign with the keys of your ssh-agent");
    command.flag("--inspect", options.inspect, "give it a CA of its own, so that owhaled reads its TLS");
}

Status set_network(api::RunRequest& request, const NetOptions& options, bool far) {
    if (!options.net.empty()) request.net = options.net;
    CHECK(set_lists(request, options));
    if (options.inspect) request.inspect = true;
    if (options.brokers.empty()) return {};
    if (far)
        return fail(Code::unsupported, "--broker: owhaled is reached over TCP, and your agent is not on its machine",
                    "use its Unix socket");
    request.brokers = options.brokers;
    request.ssh_auth_sock = own_variable("SSH_AUTH_SOCK");
    return {};
}

} // namespace owhale::cli
