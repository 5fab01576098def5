#include "sandbox/agreed_hosts.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include "policy/normal/urls.hpp"
#include "sandbox/host_rule.hpp"
#include "sandbox/network.hpp"

namespace owhale::sandbox {
namespace {

constexpr std::string_view kEndpointSuffix = ".owhale.internal"; // egress upgrades these to TLS
constexpr std::size_t kMostNamed = 64;                           // hosts of one command; who agrees reads each of them

struct Scheme {
    std::string_view name;
    std::uint16_t port;
};
constexpr std::array kSchemes = {Scheme{"http", 80}, Scheme{"https", 443}, Scheme{"ws", 80},   Scheme{"wss", 443},
                                 Scheme{"ssh", 22},  Scheme{"ftp", 21},    Scheme{"git", 9418}};

std::optional<std::uint16_t> port_of(const policy::Host& host) {
    if (host.port.empty()) {
        const auto found = std::ranges::find(kSchemes, host.scheme, &Scheme::name);
        return found == kSchemes.end() ? std::nullopt : std::optional(found->port);
    }
    std::uint16_t port = 0;
    const auto* end = host.port.data() + host.port.size();
    const auto [last, error] = std::from_chars(host.port.data(), end, port);
    return error == std::errc{} && last == end && port != 0 ? std::optional(port) : std::nullopt;
}

// One host as a line names it; none where it is a pattern, a range or not known.
std::optional<api::HostRule> place_of(const policy::Host& host) {
    const auto port = port_of(host);
    if (host.listens || !port || host.name.find_first_of(std::string_view("\0*?@/", 5)) != std::string::npos)
        return std::nullopt;
    auto rule = checked({host.name, std::vector<std::uint16_t>{*port}, {}, {}, {}});
    return rule ? std::optional(*std::move(rule)) : std::nullopt;
}

// Where a program that takes a base URL goes for a secret's host: owhaled, in plain HTTP on 80 where it goes on in TLS on 443.
api::HostRule endpoint_of(api::HostRule rule) {
    rule.host += kEndpointSuffix;
    if (rule.ports == std::vector<std::uint16_t>{443}) rule.ports = {80};
    return rule;
}

} // namespace

std::vector<api::HostRule> agreed_of(const api::NetScope& scope) {
    std::vector<api::HostRule> out;
    for (auto rule : scope.hosts) {
        const bool part = rule.methods || rule.paths;
        const bool own = !rule.from || *rule.from == "request" || *rule.from == kFromCommand;
        if (own || (part && !scope.inspected)) continue;
        rule.methods.reset();
        rule.paths.reset();
        if (rule.from->starts_with("secret ")) out.push_back(endpoint_of(rule));
        out.push_back(std::move(rule));
    }
    return out;
}

void mark_agreed(policy::NormalForm& form, const std::vector<api::HostRule>& agreed) {
    if (agreed.empty()) return;
    for (auto& command : form.commands)
        for (auto& host : command.hosts) {
            const auto place = place_of(host);
            host.agreed = place && std::ranges::any_of(agreed, [&](const auto& rule) { return covers(rule, *place); });
        }
}

std::vector<api::HostRule> named_hosts(const policy::NormalForm& form) {
    std::vector<api::HostRule> out;
    for (const auto& command : form.commands)
        for (const auto& host : command.hosts) {
            auto place = policy::normal::is_loopback(host.name) ? std::nullopt : place_of(host);
            if (!place || out.size() == kMostNamed) continue;
            place->from = std::string(kFromCommand);
            const auto same = [&](const api::HostRule& other) { return covers(other, *place); };
            if (std::ranges::none_of(out, same)) out.push_back(*std::move(place));
        }
    return out;
}

void add_named(api::NetScope& scope, const std::vector<api::HostRule>& named) {
    if (!scope.asks) return; // whoever decided that nobody is asked about a host is not overruled by a command
    const auto lines = scope.hosts;
    for (const auto& place : named) {
        const auto known = [&](const api::HostRule& line) { return covers(line, place); };
        if (std::ranges::none_of(lines, known)) scope.hosts.push_back(place);
    }
}

} // namespace owhale::sandbox
