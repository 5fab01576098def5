#include "egress/allowlist.hpp"

#include <algorithm>

#include "sandbox/host_rule.hpp"

namespace owhale::egress {
namespace {

namespace ip = boost::asio::ip;

ip::address_v6::bytes_type wide(const ip::address& address) {
    return address.is_v4() ? ip::make_address_v6(ip::v4_mapped, address.to_v4()).to_bytes()
                           : address.to_v6().to_bytes();
}

ip::address last_of(const AddressRange& range) {
    auto bytes = wide(range.network);
    const unsigned from = range.bits + (range.network.is_v4() ? 96 : 0);
    for (unsigned i = from; i < 128; ++i) bytes[i / 8] |= static_cast<unsigned char>(1u << (7 - i % 8));
    const ip::address_v6 last(bytes);
    return last.is_v4_mapped() ? ip::address(ip::make_address_v4(ip::v4_mapped, last)) : ip::address(last);
}

// 0.0.0.0/0 is the Internet, not this machine: what is no ordinary address is named by a range of its own kind alone.
bool names_kind(const AddressRange& range, const ip::address& address) {
    const auto* kind = special(address);
    if (kind == nullptr) return true;
    const auto *first = special(range.network), *last = special(last_of(range));
    return first != nullptr && last != nullptr && first->name == kind->name && last->name == kind->name;
}

bool covers(const AddressRange& range, const ip::address& address) {
    return contains(range, {address, address.is_v4() ? 32u : 128u}) && names_kind(range, address);
}

bool methods_match(const api::HostRule& rule, const Wanted& wanted) {
    if (!rule.methods) return true;
    if (!wanted.method) return wanted.read_later;
    return std::ranges::find(*rule.methods, *wanted.method) != rule.methods->end();
}

bool paths_match(const api::HostRule& rule, const Wanted& wanted) {
    if (!rule.paths) return true;
    if (!wanted.path) return wanted.read_later;
    return std::ranges::any_of(*rule.paths, [&](const auto& prefix) { return path_within(*wanted.path, prefix); });
}

bool port_match(const api::HostRule& rule, std::uint16_t port) {
    if (!rule.ports) return port == 80 || port == 443;
    return std::ranges::find(*rule.ports, port) != rule.ports->end();
}

bool host_match(const api::HostRule& rule, std::string_view host) {
    if (rule.host.starts_with("*."))
        return host.size() + 1 > rule.host.size() && host.ends_with(std::string_view(rule.host).substr(1));
    if (const auto range = read_range(rule.host)) {
        const auto address = as_address(host);
        return address && covers(*range, *address);
    }
    return rule.host == host;
}

std::string words(const api::HostRule& rule) {
    return (rule.from ? *rule.from + " " : std::string()) + rule.host;
}

} // namespace

Allowlist::Allowlist(std::vector<api::HostRule> rules) {
    for (auto& rule : rules)
        if (auto good = sandbox::checked(std::move(rule)); good && !sandbox::is_list(*good))
            rules_.push_back(*std::move(good));
}

Match Allowlist::find(const Wanted& wanted) const {
    Match match;
    for (const auto& rule : rules_) {
        if (!host_match(rule, wanted.host)) continue;
        match.port_only = match.port_only || !port_match(rule, wanted.port);
        if (!port_match(rule, wanted.port)) continue;
        if (methods_match(rule, wanted) && paths_match(rule, wanted))
            return {true, words(rule), rule.ports.has_value(), false, false};
        match.hidden = match.hidden || !wanted.method;
        match.rule = words(rule);
    }
    return match;
}

bool Allowlist::knows(std::string_view host) const {
    return std::ranges::any_of(rules_, [&](const auto& rule) { return host_match(rule, host); });
}

std::optional<std::string> Allowlist::names_address(const ip::address& address, std::uint16_t port) const {
    for (const auto& rule : rules_)
        if (const auto range = read_range(rule.host); range && covers(*range, address) && port_match(rule, port))
            return words(rule);
    return std::nullopt;
}

} // namespace owhale::egress
