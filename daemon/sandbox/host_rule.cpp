#include "sandbox/host_rule.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cctype>
#include <charconv>
#include <cstring>
#include <optional>

namespace owhale::sandbox {
namespace {

constexpr std::size_t kMaxName = 253, kMaxLabel = 63; // RFC 1035
constexpr std::size_t kMaxPorts = 64, kMaxMethods = 16, kMaxPaths = 64, kMaxPath = 1024;
constexpr std::array<std::uint16_t, 2> kWeb = {80, 443};

struct Network { // IPv4 mapped into IPv6 (RFC 4291, 2.5.5.2)
    std::array<std::uint8_t, 16> bytes{};
    unsigned bits = 128;
    bool v4 = false;
};

bool is_label(std::string_view label) {
    const auto good = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; };
    return !label.empty() && label.size() <= kMaxLabel && label.front() != '-' && label.back() != '-' &&
           std::ranges::all_of(label, good);
}

std::string_view last_label(std::string_view name) {
    return name.substr(name.rfind('.') + 1);
}

// "1", "0x7f": what inet_aton(3) would read as an address, however odd.
bool is_numeric(std::string_view label) {
    if (std::ranges::all_of(label, [](char c) { return c >= '0' && c <= '9'; })) return true;
    return label.starts_with("0x") && std::ranges::all_of(label.substr(2), [](char c) {
               return std::isxdigit(static_cast<unsigned char>(c)) != 0;
           });
}

std::optional<Network> address_of(std::string text) {
    Network out;
    in_addr v4{};
    if (::inet_pton(AF_INET, text.c_str(), &v4) == 1) {
        out.bytes[10] = out.bytes[11] = 0xff;
        std::memcpy(out.bytes.data() + 12, &v4, 4);
        out.v4 = true;
        return out;
    }
    if (text.size() > 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
    if (::inet_pton(AF_INET6, text.c_str(), out.bytes.data()) != 1) return std::nullopt;
    constexpr std::array<std::uint8_t, 12> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    out.v4 = std::equal(mapped.begin(), mapped.end(), out.bytes.begin());
    return out;
}

bool host_bits_are_zero(const Network& network) {
    for (unsigned bit = network.bits; bit < 128; ++bit)
        if ((network.bytes[bit / 8] >> (7 - bit % 8) & 1) != 0) return false;
    return true;
}

// "192.0.2.7", "[2001:db8::]/32".
std::optional<Network> network_of(std::string_view text) {
    const auto slash = text.rfind('/');
    auto out = address_of(std::string(text.substr(0, slash)));
    if (!out || slash == std::string_view::npos) return out;
    const auto digits = text.substr(slash + 1);
    unsigned bits = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (error != std::errc{} || end != digits.data() + digits.size() || bits > (out->v4 ? 32u : 128u))
        return std::nullopt;
    out->bits = out->v4 ? bits + 96 : bits;
    return host_bits_are_zero(*out) ? out : std::nullopt;
}

std::string spelled(const Network& network) {
    char text[INET6_ADDRSTRLEN] = {};
    std::string out;
    if (network.v4) {
        ::inet_ntop(AF_INET, network.bytes.data() + 12, text, sizeof text);
        out = text;
    } else {
        ::inet_ntop(AF_INET6, network.bytes.data(), text, sizeof text);
        out = text;
    }
    const auto most = network.v4 ? 32u : 128u, bits = network.v4 ? network.bits - 96 : network.bits;
    if (bits == most) return out;
    return (network.v4 ? out : "[" + out + "]") + "/" + std::to_string(bits);
}

bool contains(const Network& wide, const Network& narrow) {
    if (wide.bits > narrow.bits) return false;
    for (unsigned bit = 0; bit < wide.bits; ++bit)
        if (((wide.bytes[bit / 8] ^ narrow.bytes[bit / 8]) >> (7 - bit % 8) & 1) != 0) return false;
    return true;
}

bool covers_host(const std::string& wide, const std::string& narrow) {
    if (wide == narrow) return true;
    if (wide.starts_with("*."))
        return narrow.size() >= wide.size() && narrow.ends_with(std::string_view(wide).substr(1));
    const auto outer = network_of(wide), inner = network_of(narrow);
    return outer && inner && contains(*outer, *inner);
}

template <typename T>
bool covers_list(const std::optional<std::vector<T>>& wide, const std::optional<std::vector<T>>& narrow) {
    if (!wide) return true;
    if (!narrow) return false;
    return std::ranges::all_of(*narrow, [&](const T& item) { return std::ranges::find(*wide, item) != wide->end(); });
}

bool is_list_name(std::string_view text) {
    return text.size() > 1 && text.size() <= 64 && text.front() == '@' && is_label(text.substr(1));
}

Status check_ports(api::HostRule& rule) {
    if (!rule.ports) return {};
    auto& ports = *rule.ports;
    std::ranges::sort(ports);
    const auto same = std::ranges::unique(ports);
    ports.erase(same.begin(), same.end());
    if (ports.empty() || ports.size() > kMaxPorts || ports.front() == 0)
        return fail(Code::invalid_value, "the ports of " + rule.host + " must be 1 to 64 numbers above 0");
    return {};
}

bool is_token(std::string_view method) {
    return !method.empty() && method.size() <= 32 &&
           std::ranges::all_of(method, [](char c) { return (c >= 'A' && c <= 'Z') || c == '-'; });
}

// As a request's path is compared: decoded where it may be, without dots.
bool is_path(std::string_view path) {
    const bool plain = std::ranges::all_of(path, [](unsigned char c) { return c > ' ' && c < 0x7f && c != '\\'; });
    return plain && path.starts_with('/') && path.size() <= kMaxPath && path.find("/../") == std::string_view::npos &&
           !path.ends_with("/..") && path.find_first_of("?#") == std::string_view::npos;
}

Status check_http(const api::HostRule& rule) {
    if (rule.methods && (rule.methods->size() > kMaxMethods || !std::ranges::all_of(*rule.methods, is_token)))
        return fail(Code::invalid_value, "the methods of " + rule.host + " must be words such as GET, at most 16");
    if (rule.paths && (rule.paths->size() > kMaxPaths || !std::ranges::all_of(*rule.paths, is_path)))
        return fail(Code::invalid_value, "the paths of " + rule.host + " must be prefixes such as /v1, at most 64",
                    "without `..`, `?`, `#` and what is no printable ASCII");
    return {};
}

} // namespace

bool is_host_name(std::string_view text) {
    if (text.empty() || text.size() > kMaxName || is_numeric(last_label(text))) return false;
    for (std::size_t at = 0; at <= text.size();) {
        const auto end = std::min(text.find('.', at), text.size());
        if (!is_label(text.substr(at, end - at))) return false;
        at = end + 1;
    }
    return true;
}

Result<api::HostRule> checked(api::HostRule rule) {
    std::ranges::transform(rule.host, rule.host.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (rule.host.ends_with('.')) rule.host.pop_back();
    CHECK(check_ports(rule));
    CHECK(check_http(rule));
    if (is_list(rule)) {
        if (!is_list_name(rule.host)) return fail(Code::invalid_value, "a list's name is @ and a word, such as @npm");
        if (rule.ports || rule.methods || rule.paths)
            return fail(Code::invalid_value, rule.host + " is a list: it says itself which ports", "leave them out");
        return rule;
    }
    if (const auto network = network_of(rule.host)) {
        rule.host = spelled(*network);
        if (!rule.ports)
            return fail(Code::invalid_value, rule.host + " is an address: it needs its ports",
                        "such as " + rule.host + ":443");
        return rule;
    }
    const bool wild = rule.host.starts_with("*.");
    const auto name = std::string_view(rule.host).substr(wild ? 2 : 0);
    // All of a top-level domain is no list of hosts.
    if (is_host_name(name) && (!wild || name.find('.') != std::string_view::npos)) return rule;
    return fail(Code::invalid_value, "`" + rule.host.substr(0, 80) + "` is no host",
                "a name such as api.example.com, *.example.com, an address, a range or a list such as @npm; other "
                "letters than ASCII as A-labels (xn--…)");
}

bool is_list(const api::HostRule& rule) {
    return rule.host.starts_with('@');
}

std::vector<std::uint16_t> ports_of(const api::HostRule& rule) {
    return rule.ports.value_or(std::vector<std::uint16_t>(kWeb.begin(), kWeb.end()));
}

bool covers(const api::HostRule& wide, const api::HostRule& narrow) {
    const auto outer = ports_of(wide), inner = ports_of(narrow);
    const auto has = [&](std::uint16_t port) { return std::ranges::find(outer, port) != outer.end(); };
    return covers_host(wide.host, narrow.host) && std::ranges::all_of(inner, has) &&
           covers_list(wide.methods, narrow.methods) && covers_list(wide.paths, narrow.paths);
}

std::string text_of(const api::HostRule& rule) {
    auto out =
        rule.host.find(':') != std::string::npos && !rule.host.starts_with('[') ? "[" + rule.host + "]" : rule.host;
    if (!rule.ports) return out;
    for (std::size_t i = 0; i < rule.ports->size(); ++i) {
        out += i == 0 ? ":" : ",";
        out += std::to_string((*rule.ports)[i]);
    }
    return out;
}

} // namespace owhale::sandbox
