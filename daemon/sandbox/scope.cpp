#include "sandbox/scope.hpp"

#include <algorithm>

#include "sandbox/host_rule.hpp"
#include "shared/codec.hpp"

namespace owhale::sandbox {
namespace {

constexpr std::size_t kMaxHosts = 1024; // of one run, lists included

template <typename T> void add(std::vector<T>& to, const T& item) {
    if (std::ranges::find(to, item) == to.end()) to.push_back(item);
}

Status add_rule(std::vector<api::HostRule>& to, const api::HostRule& rule, const HostBook* book) {
    if (!is_list(rule)) {
        to.push_back(rule);
        return {};
    }
    const auto name = rule.host.substr(1);
    if (book == nullptr)
        return fail(Code::invalid_value, "there is no list of hosts " + rule.host, "`owhalectl hosts ls` shows them");
    for (auto& host : TRY(book->list(name))) to.push_back(std::move(host));
    return {};
}

Status add_rules(std::vector<api::HostRule>& to, const std::vector<api::HostRule>& rules, const HostBook* book) {
    for (const auto& rule : rules) CHECK(add_rule(to, rule, book));
    return {};
}

// One line is enough for each; the first says whose word it is.
void drop_covered(std::vector<api::HostRule>& hosts) {
    std::vector<api::HostRule> out;
    for (auto& rule : hosts) {
        const auto covered = [&](const api::HostRule& other) { return covers(other, rule); };
        if (std::ranges::none_of(out, covered)) out.push_back(std::move(rule));
    }
    hosts = std::move(out);
}

bool is_loopback(const std::optional<std::string>& address) {
    return !address || address->starts_with("127.") || *address == "::1";
}

std::string text_of(const api::Publish& port) {
    const auto address = port.address.value_or("127.0.0.1");
    const bool v6 = address.find(':') != std::string::npos;
    return (v6 ? "[" + address + "]" : address) + ":" + std::to_string(port.host) + ":" + std::to_string(port.port);
}

bool same(const api::Publish& a, const api::Publish& b) {
    return text_of(a) == text_of(b);
}

// Of a ceiling: "npm" (a kind, as the table of programs names it), "@npm", "api.example.com", "*.example.com".
bool lets(const std::string& most, const api::HostRule& rule) {
    const auto from = rule.from.value_or("");
    const auto name = most.starts_with('@') ? most.substr(1) : most;
    if (from == "list " + name) return true;
    api::HostRule wide{most, rule.ports, {}, {}, {}};
    return covers(wide, rule);
}

template <typename T> std::vector<T> in_both(const std::vector<T>& a, const std::vector<T>& b) {
    std::vector<T> out;
    for (const auto& item : a)
        if (std::ranges::find(b, item) != b.end()) out.push_back(item);
    return out;
}

std::string narrower_mode(const std::string& a, const std::string& b) {
    if (a == "none" || b == "none") return "none";
    return a.empty() ? b : a;
}

std::optional<bool> narrower_flag(const std::optional<bool>& a, const std::optional<bool>& b) {
    if (!a || !b) return a ? a : b;
    return *a && *b;
}

} // namespace

Result<api::NetScope> make_scope(const ScopeFacts& facts) {
    const auto& request = facts.request;
    const auto& network = facts.profile.network;
    api::NetScope scope;
    if (facts.book != nullptr) scope.hosts = facts.book->standing(facts.principal, facts.profile.name);
    CHECK(add_rules(scope.hosts, network.hosts, facts.book));
    if (request.allow_hosts) CHECK(add_rules(scope.hosts, *request.allow_hosts, facts.book));
    drop_covered(scope.hosts);
    if (scope.hosts.size() > kMaxHosts)
        return fail(Code::invalid_value, "the run would have more than 1024 hosts", "name fewer lists");
    scope.asks = network.asks.value_or(facts.settings.rules->asks_for_hosts);
    scope.inspected = network.inspect || request.inspect.value_or(false);
    scope.ports = network.publish;
    if (request.ports) scope.ports.insert(scope.ports.end(), request.ports->begin(), request.ports->end());
    scope.host_ports = network.host_ports;
    if (request.host_ports)
        for (const auto port : *request.host_ports) add(scope.host_ports, port);
    if (scope.ports.size() > 16 || scope.host_ports.size() > 16)
        return fail(Code::invalid_value, "the run would have more than 16 ports, its profile's included");
    if (request.secrets) scope.secrets = *request.secrets;
    for (const auto& name : network.secrets) {
        const auto there = [&](const api::SecretUse& use) { return use.name == name; };
        if (std::ranges::none_of(scope.secrets, there)) scope.secrets.push_back({name, {}, {}});
    }
    if (request.brokers)
        for (const auto& broker : *request.brokers) add(scope.brokers, broker);
    return scope;
}

Status hold_scope(api::NetScope& scope, const Parent& parent) {
    const std::string whose = "run " + parent.id;
    const auto has_secret = [&](const api::SecretUse& use) {
        const auto same_use = [&](const api::SecretUse& other) {
            return other.name == use.name && other.as.value_or("placeholder") == use.as.value_or("placeholder");
        };
        return parent.scope && std::ranges::any_of(parent.scope->secrets, same_use);
    };
    for (const auto& use : scope.secrets)
        if (!has_secret(use))
            return fail(Code::secret_denied, whose + " does not use the secret " + use.name + " itself",
                        "start it with --secret " + use.name + ", and its runs may use it too");
    if (parent.net_host) return {};
    if (!parent.scope)
        return fail(Code::host_denied, whose + " has no network itself", "use net none, or start it with net scoped");
    const auto reached = [&](const api::HostRule& rule) {
        return std::ranges::any_of(parent.scope->hosts, [&](const auto& wide) { return covers(wide, rule); });
    };
    for (const auto& rule : scope.hosts)
        if (rule.from == "request" && !reached(rule))
            return fail(Code::host_denied, whose + " does not reach " + text_of(rule) + " itself",
                        "start it with --allow-host " + text_of(rule));
    std::erase_if(scope.hosts, [&](const auto& rule) { return !reached(rule); });
    for (const auto port : scope.host_ports)
        if (std::ranges::find(parent.scope->host_ports, port) == parent.scope->host_ports.end())
            return fail(Code::host_denied,
                        whose + " does not reach port " + std::to_string(port) + " of the host itself",
                        "start it with --host-port " + std::to_string(port));
    for (const auto& broker : scope.brokers)
        if (std::ranges::find(parent.scope->brokers, broker) == parent.scope->brokers.end())
            return fail(Code::forbidden, whose + " has no " + broker + " itself", "start it with --broker " + broker);
    scope.asks = scope.asks && parent.scope->asks;
    scope.inspected = scope.inspected || parent.scope->inspected;
    return {};
}

std::vector<std::vector<std::string>> questions_of(const api::NetScope& scope, const api::RunRequest& request) {
    std::vector<std::vector<std::string>> out;
    for (const auto& rule : request.allow_hosts.value_or(std::vector<api::HostRule>{})) {
        const auto known = [&](const api::HostRule& other) { return other.from != "request" && covers(other, rule); };
        if (is_list(rule))
            out.push_back({"--allow-list", rule.host.substr(1)});
        else if (std::ranges::none_of(scope.hosts, known))
            out.push_back({"--allow-host", rule.host});
    }
    for (const auto port : request.host_ports.value_or(std::vector<std::uint16_t>{}))
        out.push_back({"--host-port", std::to_string(port)});
    for (const auto& port : request.ports.value_or(std::vector<api::Publish>{}))
        if (!is_loopback(port.address)) out.push_back({"--publish", text_of(port)});
    for (const auto& use : request.secrets.value_or(std::vector<api::SecretUse>{}))
        if (use.as == "env") out.push_back({"--secret", use.name + "=env"});
    for (const auto& broker : request.brokers.value_or(std::vector<std::string>{})) out.push_back({"--broker", broker});
    return out;
}

std::vector<std::string> narrow_scope(api::NetScope& scope, const policy::Ceiling& ceiling) {
    std::vector<std::string> taken;
    if (ceiling.net != "scoped" || ceiling.hosts.empty()) return taken;
    std::erase_if(scope.hosts, [&](const api::HostRule& rule) {
        const bool in = std::ranges::any_of(ceiling.hosts, [&](const auto& most) { return lets(most, rule); });
        if (!in) taken.push_back(text_of(rule));
        return !in;
    });
    scope.asks = false;
    return taken;
}

ProfileNetwork narrower(const ProfileNetwork& asked, const ProfileNetwork& ceiling) {
    ProfileNetwork out;
    out.mode = narrower_mode(asked.mode, ceiling.mode);
    for (const auto& rule : asked.hosts)
        if (std::ranges::any_of(ceiling.hosts, [&](const auto& wide) { return covers(wide, rule); }))
            out.hosts.push_back(rule);
    out.asks = narrower_flag(asked.asks, ceiling.asks);
    out.inspect = asked.inspect || ceiling.inspect;
    out.host_ports = in_both(asked.host_ports, ceiling.host_ports);
    for (const auto& port : asked.publish)
        if (std::ranges::any_of(ceiling.publish, [&](const auto& other) { return same(port, other); }))
            out.publish.push_back(port);
    out.ssh_keys = asked.ssh_keys.empty() || ceiling.ssh_keys.empty()
                       ? (asked.ssh_keys.empty() ? ceiling.ssh_keys : asked.ssh_keys)
                       : in_both(asked.ssh_keys, ceiling.ssh_keys);
    if (out.ssh_keys.empty() && !(asked.ssh_keys.empty() && ceiling.ssh_keys.empty()))
        out.ssh_keys = {"SHA256:none"}; // an empty list would be all of them
    out.secrets = in_both(asked.secrets, ceiling.secrets);
    return out;
}

bool same_network(const ProfileNetwork& a, const ProfileNetwork& b) {
    const auto texts = [](const ProfileNetwork& network) {
        std::string out = network.mode;
        for (const auto& rule : network.hosts) {
            auto copy = rule;
            copy.from.reset();
            out += "\n" + codec::to_text(copy);
        }
        for (const auto& port : network.publish) out += "\n" + text_of(port);
        return out;
    };
    return texts(a) == texts(b) && a.asks == b.asks && a.inspect == b.inspect && a.host_ports == b.host_ports &&
           a.ssh_keys == b.ssh_keys && a.secrets == b.secrets;
}

} // namespace owhale::sandbox
