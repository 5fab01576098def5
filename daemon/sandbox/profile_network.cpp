#include "sandbox/profile_network.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>

#include "sandbox/host_rule.hpp"
#include "sandbox/plan.hpp"

namespace owhale::sandbox {
namespace {

constexpr std::size_t kMaxHosts = 256, kMaxPorts = 16, kMaxNames = 32;

std::optional<std::uint16_t> number(std::string_view text) {
    std::uint16_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::unexpected<Error> no_port(std::string_view text) {
    return fail(Code::invalid_value, "`" + std::string(text.substr(0, 80)) + "` is no port: 1 to 65535");
}

// Where the ports of "HOST:PORTS" begin, npos when there are none. An address of IPv6 without brackets has none.
std::size_t colon_of(std::string_view text) {
    const auto colon = text.rfind(':'), bracket = text.rfind(']');
    if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket))
        return std::string_view::npos;
    if (bracket == std::string_view::npos && text.find(':') != colon) return std::string_view::npos;
    return colon;
}

Status add_host(const TomlReader& reader, std::string_view key, api::HostRule rule, const std::string& profile,
                ProfileNetwork& to) {
    rule.from = "profile " + profile;
    auto good = checked(std::move(rule));
    if (!good) return reader.wrong(key, good.error().message);
    to.hosts.push_back(std::move(*good));
    if (to.hosts.size() > kMaxHosts) return reader.wrong(key, "has more than 256 hosts");
    return {};
}

Status read_hosts(const TomlReader& reader, const std::string& profile, ProfileNetwork& to) {
    for (const auto& text : TRY(reader.strings("hosts"))) {
        auto rule = parse_host(text);
        if (!rule) return reader.wrong("hosts", rule.error().message);
        CHECK(add_host(reader, "hosts", std::move(*rule), profile, to));
    }
    return {};
}

Status read_http(const TomlReader& reader, const std::string& profile, ProfileNetwork& to) {
    for (const auto& row : TRY(reader.tables("http"))) {
        CHECK(row.only({"host", "methods", "paths"}));
        auto rule = parse_host(TRY(row.string("host")).value_or(""));
        if (!rule) return row.wrong("host", rule.error().message);
        auto methods = TRY(row.strings("methods")), paths = TRY(row.strings("paths"));
        if (!methods.empty()) rule->methods = std::move(methods);
        if (!paths.empty()) rule->paths = std::move(paths);
        if (!to.inspect)
            return row.wrong("host", "methods and paths inside TLS can be seen with `inspect = true` alone");
        CHECK(add_host(row, "host", std::move(*rule), profile, to));
    }
    return {};
}

Status read_mode(const TomlReader& reader, std::string& to) {
    const auto mode = TRY(reader.string("mode"));
    if (!mode) return {};
    if (*mode != "none" && *mode != "scoped")
        return reader.wrong("mode", "must be none or scoped: the host's network is asked for by a run itself");
    to = *mode;
    return {};
}

// TOML's numbers: a list of them is read here, since the reader knows lists of strings alone.
Status read_host_ports(const TomlReader& reader, std::vector<std::uint16_t>& to) {
    const auto* node = reader.raw().get("host_ports");
    if (node == nullptr) return {};
    const auto* list = node->as_array();
    if (list == nullptr) return reader.wrong("host_ports", "must be a list of numbers");
    for (const auto& item : *list) {
        const auto value = item.value<std::int64_t>();
        if (!item.is_integer() || !value || *value < 1 || *value > 65535)
            return reader.wrong("host_ports", "must hold numbers from 1 to 65535");
        const auto port = static_cast<std::uint16_t>(*value);
        if (std::ranges::find(to, port) == to.end()) to.push_back(port);
    }
    if (to.size() > wire::kMaxHostPorts) return reader.wrong("host_ports", "has more than 16 ports");
    return {};
}

Status read_publish(const TomlReader& reader, std::vector<api::Publish>& to) {
    for (const auto& text : TRY(reader.strings("publish"))) {
        auto port = parse_publish(text);
        if (!port) return reader.wrong("publish", port.error().message);
        to.push_back(std::move(*port));
    }
    if (to.size() > kMaxPorts) return reader.wrong("publish", "has more than 16 ports");
    return {};
}

Status add_names(const TomlReader& reader, std::string_view key, std::string_view prefix,
                 std::vector<std::string>& to) {
    for (auto& name : TRY(reader.strings(key))) {
        if (!name.starts_with(prefix) || name.size() == prefix.size() || name.size() > 64 + prefix.size())
            return reader.wrong(key, "`" + name.substr(0, 80) + "` is not what stands there");
        if (std::ranges::find(to, name) == to.end()) to.push_back(std::move(name));
    }
    if (to.size() > kMaxNames) return reader.wrong(key, "has more than 32 entries");
    return {};
}

} // namespace

Result<api::Publish> parse_publish(std::string_view text) {
    const auto inner = text.rfind(':');
    if (inner == std::string_view::npos)
        return fail(Code::invalid_value, "`" + std::string(text.substr(0, 80)) + "` is not [ADDRESS:]HOST:PORT",
                    "such as 8080:80, or 0:80 for any free port of the host");
    auto outer = text.substr(0, inner);
    api::Publish out;
    if (const auto colon = outer.rfind(':'); colon != std::string_view::npos) {
        auto address = outer.substr(0, colon);
        if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
        out.address = std::string(address);
        outer = outer.substr(colon + 1);
    }
    const auto host = number(outer), port = number(text.substr(inner + 1));
    if (!host || !port || *port == 0) return no_port(text);
    out.host = *host;
    out.port = *port;
    std::uint8_t bytes[16];
    if (out.address && ::inet_pton(AF_INET, out.address->c_str(), bytes) != 1 &&
        ::inet_pton(AF_INET6, out.address->c_str(), bytes) != 1)
        return fail(Code::invalid_value, "`" + out.address->substr(0, 80) + "` is no address", "such as 127.0.0.1");
    return out;
}

Result<api::HostRule> parse_host(std::string_view text) {
    api::HostRule rule;
    const auto colon = colon_of(text);
    rule.host = std::string(text.substr(0, colon));
    if (colon == std::string_view::npos) return rule;
    rule.ports.emplace();
    for (auto rest = text.substr(colon + 1);;) {
        const auto comma = rest.find(',');
        const auto port = number(rest.substr(0, comma));
        if (!port || *port == 0) return no_port(text);
        rule.ports->push_back(*port);
        if (comma == std::string_view::npos) return rule;
        rest = rest.substr(comma + 1);
    }
}

Status read_network(const TomlReader& reader, const std::string& profile, ProfileNetwork& to) {
    CHECK(reader.only({"mode", "hosts", "http", "inspect", "asks", "host_ports", "publish", "ssh_keys", "secrets"}));
    CHECK(read_mode(reader, to.mode));
    if (const auto flag = TRY(reader.boolean("inspect"))) to.inspect = *flag;
    if (const auto flag = TRY(reader.boolean("asks"))) to.asks = *flag;
    CHECK(read_hosts(reader, profile, to));
    CHECK(read_http(reader, profile, to));
    CHECK(read_host_ports(reader, to.host_ports));
    CHECK(read_publish(reader, to.publish));
    CHECK(add_names(reader, "ssh_keys", "SHA256:", to.ssh_keys));
    CHECK(add_names(reader, "secrets", "", to.secrets));
    const auto hidden = [&](const api::HostRule& rule) { return !to.inspect && (rule.methods || rule.paths); };
    if (std::ranges::any_of(to.hosts, hidden))
        return reader.wrong("inspect", "methods and paths of the profile that it extends need `inspect = true`");
    return {};
}

} // namespace owhale::sandbox
