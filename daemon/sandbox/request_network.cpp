#include "sandbox/request_network.hpp"

#include <algorithm>
#include <arpa/inet.h>

#include "sandbox/host_rule.hpp"
#include "sandbox/plan.hpp"

namespace owhale::sandbox {
namespace {

constexpr std::size_t kMaxHosts = 64, kMaxPorts = 16, kMaxSecrets = 32, kMaxBrokers = 4;
constexpr std::size_t kMaxSecretName = 64, kMaxVariable = 128, kMaxPath = 107; // of an AF_UNIX socket

template <typename T> std::size_t count(const std::optional<std::vector<T>>& list) {
    return list ? list->size() : 0;
}

Status check_counts(const api::RunRequest& request) {
    const std::tuple<const char*, std::size_t, std::size_t> rows[] = {
        {"allow_hosts", count(request.allow_hosts), kMaxHosts}, {"ports", count(request.ports), kMaxPorts},
        {"host_ports", count(request.host_ports), kMaxPorts},   {"secrets", count(request.secrets), kMaxSecrets},
        {"brokers", count(request.brokers), kMaxBrokers},
    };
    for (const auto& [name, has, most] : rows)
        if (has > most)
            return fail(Code::invalid_value, std::string(name) + " has more than " + std::to_string(most) + " entries");
    return {};
}

Status check_hosts(api::RunRequest& request) {
    if (!request.allow_hosts) return {};
    for (auto& rule : *request.allow_hosts) {
        if (rule.methods || rule.paths)
            if (!request.inspect.value_or(false))
                return fail(Code::invalid_value,
                            "methods and paths of " + rule.host + " can be seen with inspect alone",
                            "add inspect (--inspect), or leave them out");
        rule.from = "request";
        rule = TRY(checked(std::move(rule)));
        CHECK(refuse_loopback(rule));
    }
    return {};
}

bool is_address(const std::string& text) {
    std::uint8_t bytes[16];
    return ::inet_pton(AF_INET, text.c_str(), bytes) == 1 || ::inet_pton(AF_INET6, text.c_str(), bytes) == 1;
}

Status check_ports(const api::RunRequest& request) {
    if (request.ports)
        for (const auto& port : *request.ports) {
            if (port.port == 0) return fail(Code::invalid_value, "ports: the port in the run is missing");
            if (port.address && !is_address(*port.address))
                return fail(Code::invalid_value, "ports: address is no IPv4 or IPv6 address",
                            "127.0.0.1 is the default");
        }
    if (request.host_ports && std::ranges::find(*request.host_ports, 0) != request.host_ports->end())
        return fail(Code::invalid_value, "host_ports must be above 0");
    return {};
}

bool is_secret_name(std::string_view name) {
    const auto good = [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-'; };
    return !name.empty() && name.size() <= kMaxSecretName && std::ranges::all_of(name, good);
}

bool is_variable(std::string_view name) {
    const auto good = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
    return !name.empty() && name.size() <= kMaxVariable &&
           std::isdigit(static_cast<unsigned char>(name.front())) == 0 && std::ranges::all_of(name, good);
}

Status check_secrets(const api::RunRequest& request) {
    if (!request.secrets) return {};
    for (const auto& use : *request.secrets) {
        if (!is_secret_name(use.name))
            return fail(Code::invalid_value, "secrets: a name is 1 to 64 of letters, digits, `.`, `_` and `-`");
        const auto as = use.as.value_or("placeholder");
        if (as != "placeholder" && as != "env")
            return fail(Code::invalid_value, "secrets: as must be placeholder or env");
        if (use.variable && !is_variable(*use.variable))
            return fail(Code::invalid_value, "secrets: variable is no name of a variable");
        const auto same = [&](const api::SecretUse& other) { return other.name == use.name; };
        if (std::ranges::count_if(*request.secrets, same) > 1)
            return fail(Code::invalid_value, "secrets: " + use.name + " is there twice");
    }
    return {};
}

Status check_brokers(const api::RunRequest& request) {
    if (request.brokers)
        for (const auto& broker : *request.brokers)
            if (broker != "ssh-agent") return fail(Code::invalid_value, "brokers: there is only ssh-agent");
    if (const auto& path = request.ssh_auth_sock)
        if (!path->starts_with('/') || path->size() > kMaxPath || path->find('\0') != std::string::npos)
            return fail(Code::invalid_value, "ssh_auth_sock must be an absolute path of at most 107 bytes");
    return {};
}

// What is named first, for the error.
const char* scoped_word(const api::RunRequest& request) {
    if (count(request.allow_hosts) != 0) return "allow_hosts";
    if (count(request.ports) != 0) return "ports";
    if (count(request.host_ports) != 0) return "host_ports";
    if (count(request.brokers) != 0) return "brokers";
    if (request.inspect.value_or(false)) return "inspect";
    const auto by_placeholder = [](const api::SecretUse& use) { return use.as.value_or("placeholder") != "env"; };
    if (request.secrets && std::ranges::any_of(*request.secrets, by_placeholder)) return "secrets";
    return nullptr;
}

Status check_net(const api::RunRequest& request) {
    const auto& net = request.net;
    if (!net) return {};
    if (*net != "none" && *net != "scoped" && *net != "host")
        return fail(Code::invalid_value, "net must be none, scoped or host");
    const auto* word = scoped_word(request);
    if (*net == "scoped" || word == nullptr) return {};
    return fail(Code::invalid_value, std::string(word) + " needs net scoped, and net is " + *net,
                "leave net out, or say scoped");
}

} // namespace

Status check_network(api::RunRequest& request) {
    CHECK(check_counts(request));
    CHECK(check_hosts(request));
    CHECK(check_ports(request));
    CHECK(check_secrets(request));
    CHECK(check_brokers(request));
    return check_net(request);
}

bool wants_scope(const api::RunRequest& request) {
    return scoped_word(request) != nullptr;
}

std::string network_of(const api::RunRequest& request, const Profile& profile, const config::Settings& settings) {
    if (request.net) return *request.net;
    if (wants_scope(request)) return "scoped";
    if (!profile.network.mode.empty()) return profile.network.mode;
    return settings.egress == "on" && !settings.network.empty() ? settings.network : "none";
}

} // namespace owhale::sandbox
