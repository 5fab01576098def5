#include "shared/host_text.hpp"

#include <arpa/inet.h>
#include <charconv>
#include <optional>

namespace owhale {
namespace {

std::optional<std::uint16_t> number(std::string_view text) {
    std::uint16_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::unexpected<Error> no_port(std::string_view text) {
    return fail(Code::invalid_value, "`" + std::string(text.substr(0, 80)) + "` has no port of 1 to 65535",
                "such as api.example.com:8443, without https:// and without a path; to publish one, 8080:80");
}

// Where the ports of "HOST:PORTS" begin, npos when there are none. An address of IPv6 without brackets has none.
std::size_t colon_of(std::string_view text) {
    const auto colon = text.rfind(':'), bracket = text.rfind(']');
    if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket))
        return std::string_view::npos;
    if (bracket == std::string_view::npos && text.find(':') != colon) return std::string_view::npos;
    return colon;
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

} // namespace owhale
