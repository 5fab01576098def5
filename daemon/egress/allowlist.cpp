#include "egress/allowlist.hpp"

#include <algorithm>
#include <charconv>

namespace owhale::egress {
namespace {

namespace ip = boost::asio::ip;

constexpr std::size_t kMost = 32; // ports, methods or paths of one rule
constexpr std::size_t kLongestPath = 1024;

std::unexpected<Error> wrong(const std::string& what, const std::string& why) {
    return fail(Code::invalid_value, "the host rule \"" + what.substr(0, 300) + "\" " + why,
                "HOST, HOST:PORT, *.HOST, 192.0.2.0/24:PORT, [2001:db8::1]:PORT or @LIST");
}

struct Range {
    ip::address network;
    unsigned bits = 0;
};

ip::address_v6::bytes_type wide(const ip::address& address) {
    return address.is_v4() ? ip::make_address_v6(ip::v4_mapped, address.to_v4()).to_bytes()
                           : address.to_v6().to_bytes();
}

ip::address last_of(const Range& range) {
    auto bytes = wide(range.network);
    const unsigned from = range.bits + (range.network.is_v4() ? 96 : 0);
    for (unsigned i = from; i < 128; ++i) bytes[i / 8] |= static_cast<unsigned char>(1u << (7 - i % 8));
    const ip::address_v6 last(bytes);
    return last.is_v4_mapped() ? ip::address(ip::make_address_v4(ip::v4_mapped, last)) : ip::address(last);
}

// 0.0.0.0/0 is the Internet, not this machine: what is no ordinary address is named by a range of its own kind alone.
bool names_kind(const Range& range, const ip::address& address) {
    const auto* kind = special(address);
    if (kind == nullptr) return true;
    const auto *first = special(range.network), *last = special(last_of(range));
    return first != nullptr && last != nullptr && first->name == kind->name && last->name == kind->name;
}

bool covers(const Range& range, const ip::address& address) {
    if (range.network.is_v4() != address.is_v4() || !names_kind(range, address)) return false;
    const auto a = wide(address), b = wide(range.network);
    const unsigned bits = range.bits + (address.is_v4() ? 96 : 0);
    for (unsigned i = 0; i < bits; ++i)
        if (((a[i / 8] ^ b[i / 8]) >> (7 - i % 8) & 1) != 0) return false;
    return true;
}

// "192.0.2.7", "10.0.0.0/8", "[2001:db8::]/32", "2001:db8::1"; nothing when it is no address.
std::optional<Range> as_range(std::string_view host) {
    const auto slash = host.find('/');
    auto text = host.substr(0, slash);
    if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
    const auto address = as_address(text);
    if (!address) return std::nullopt;
    Range range{*address, address->is_v4() ? 32u : 128u};
    if (slash == std::string_view::npos) return range;
    const auto digits = host.substr(slash + 1);
    unsigned bits = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (read.ec != std::errc() || read.ptr != digits.data() + digits.size() || bits > range.bits) return std::nullopt;
    range.bits = bits;
    return range;
}

bool is_list(std::string_view host) {
    return host.size() > 1 && host.size() <= 64 && host.front() == '@' &&
           std::ranges::all_of(host.substr(1), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
           });
}

std::string range_text(const Range& range, bool written) {
    auto text = range.network.to_string();
    if (range.network.is_v6()) text = "[" + text + "]";
    return written ? text + "/" + std::to_string(range.bits) : text;
}

Result<std::string> checked_host(const std::string& host) {
    if (is_list(host)) return host;
    if (const auto range = as_range(host)) return range_text(*range, host.find('/') != std::string::npos);
    if (host.find('/') != std::string::npos) return wrong(host, "is no range of addresses");
    const bool wild = host.starts_with("*.");
    auto name = normal_host(wild ? std::string_view(host).substr(2) : std::string_view(host));
    if (!name) return wrong(host, "names no host");
    // "*.com" would be half of the world.
    if (wild && (as_address(*name) || name->find('.') == std::string::npos))
        return wrong(host, "is too wide: a wildcard needs two labels at least after it");
    return (wild ? "*." : "") + *name;
}

Status check_words(const api::HostRule& rule) {
    for (const auto& method : rule.methods.value_or(std::vector<std::string>{}))
        if (method.empty() || method.size() > 32 ||
            !std::ranges::all_of(method, [](char c) { return (c >= 'A' && c <= 'Z') || c == '-'; }))
            return wrong(rule.host, "has a method that is none: upper case letters");
    for (const auto& path : rule.paths.value_or(std::vector<std::string>{})) {
        const auto normal = normal_path(path);
        if (path.size() > kLongestPath || !normal || *normal != path)
            return wrong(rule.host, "has a path that is none: \"/v1\", normalised, without query");
    }
    return {};
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
    if (const auto range = as_range(rule.host)) {
        const auto address = as_address(host);
        return address && covers(*range, *address);
    }
    return rule.host == host;
}

std::string words(const api::HostRule& rule) {
    return (rule.from ? *rule.from + " " : std::string()) + rule.host;
}

} // namespace

Result<api::HostRule> checked(api::HostRule rule) {
    rule.host = TRY(checked_host(rule.host));
    if (as_range(rule.host) && !rule.ports) return wrong(rule.host, "needs a port: an address alone names no service");
    const auto too_many = [](const auto& list) { return list && (list->empty() || list->size() > kMost); };
    if (too_many(rule.ports) || too_many(rule.methods) || too_many(rule.paths))
        return wrong(rule.host, "has an empty list, or one of more than 32");
    if (rule.ports && std::ranges::find(*rule.ports, 0) != rule.ports->end()) return wrong(rule.host, "has port 0");
    CHECK(check_words(rule));
    return rule;
}

Result<api::HostRule> read_rule(std::string_view text) {
    api::HostRule rule;
    const auto colon = text.rfind(':');
    const auto bracket = text.rfind(']');
    // Of a bare IPv6 address every colon is its own.
    const bool bare = std::ranges::count(text, ':') > 1 && !text.starts_with('[');
    const bool port =
        !bare && colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
    rule.host = std::string(text.substr(0, port ? colon : text.size()));
    if (!port) return checked(std::move(rule));
    const auto digits = text.substr(colon + 1);
    std::uint16_t number = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (digits.empty() || digits.size() > 5 || read.ec != std::errc() || read.ptr != digits.data() + digits.size())
        return wrong(std::string(text), "has a port that is none");
    rule.ports = std::vector<std::uint16_t>{number};
    return checked(std::move(rule));
}

std::string to_text(const api::HostRule& rule) {
    if (!rule.ports) return rule.host;
    std::string ports;
    for (const auto port : *rule.ports) ports += (ports.empty() ? ":" : ",") + std::to_string(port);
    return rule.host + ports;
}

Allowlist::Allowlist(std::vector<api::HostRule> rules) {
    for (auto& rule : rules)
        if (auto good = checked(std::move(rule)); good && !is_list(good->host)) rules_.push_back(*std::move(good));
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
        if (const auto range = as_range(rule.host); range && covers(*range, address) && port_match(rule, port))
            return words(rule);
    return std::nullopt;
}

} // namespace owhale::egress
