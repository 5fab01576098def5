#include "sandbox/profile_network.hpp"

#include <algorithm>

#include "sandbox/host_rule.hpp"
#include "sandbox/plan.hpp"
#include "shared/host_text.hpp"

namespace owhale::sandbox {
namespace {

constexpr std::size_t kMaxHosts = 256, kMaxPorts = 16, kMaxNames = 32;

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
