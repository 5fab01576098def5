#include "sandbox/host_rule.hpp"

#include <algorithm>
#include <array>

#include "base/host_name.hpp"
#include "egress/url_path.hpp"

namespace owhale::sandbox {
namespace {

constexpr std::size_t kMaxPorts = 64, kMaxMethods = 16, kMaxPaths = 64, kMaxPath = 1024, kMaxListName = 63;
constexpr std::array<std::uint16_t, 2> kWeb = {80, 443};

bool covers_host(const std::string& wide, const std::string& narrow) {
    if (wide == narrow) return true;
    if (wide.starts_with("*."))
        return narrow.size() >= wide.size() && narrow.ends_with(std::string_view(wide).substr(1));
    const auto outer = read_range(wide), inner = read_range(narrow);
    return outer && inner && contains(*outer, *inner);
}

template <typename T>
bool covers_list(const std::optional<std::vector<T>>& wide, const std::optional<std::vector<T>>& narrow) {
    if (!wide) return true;
    if (!narrow) return false;
    return std::ranges::all_of(*narrow, [&](const T& item) { return std::ranges::find(*wide, item) != wide->end(); });
}

bool is_list_name(std::string_view text) {
    const auto good = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; };
    return text.size() > 1 && text.size() <= kMaxListName + 1 && text.front() == '@' &&
           std::ranges::all_of(text.substr(1), good);
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

// As a request's path is compared.
bool is_path(std::string_view path) {
    const auto normal = egress::normal_path(path);
    return path.size() <= kMaxPath && normal && *normal == path;
}

Status check_http(const api::HostRule& rule) {
    if (rule.methods && (rule.methods->size() > kMaxMethods || !std::ranges::all_of(*rule.methods, is_token)))
        return fail(Code::invalid_value, "the methods of " + rule.host + " must be words such as GET, at most 16");
    if (rule.paths && (rule.paths->size() > kMaxPaths || !std::ranges::all_of(*rule.paths, is_path)))
        return fail(Code::invalid_value, "the paths of " + rule.host + " must be prefixes such as /v1, at most 64",
                    "without `..`, `?`, `#`, what is no printable ASCII and escapes that stand for themselves");
    return {};
}

} // namespace

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
    if (const auto range = read_range(rule.host)) {
        rule.host = to_text(*range);
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

// What a run calls loopback is its own: programs connect there, whatever a line says.
Status refuse_loopback(const api::HostRule& rule) {
    if (rule.host != "127.0.0.1" && rule.host != "::1" && rule.host != "localhost") return {};
    const auto port = rule.ports ? std::to_string(rule.ports->front()) : std::string("PORT");
    return fail(Code::invalid_value, text_of(rule) + " is the run's own loopback inside it, which no line leads out of",
                "--host-port " + port + " lets a run reach that port of this machine's");
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
