#include "config/endpoint.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>

namespace owhale::config {
namespace {

constexpr Address kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::size_t kMappedPrefix = 12;
constexpr const char* kForms = "write it as 127.0.0.1:7717, [::1]:7717, localhost:7717 or off";

Result<std::uint16_t> parse_port(std::string_view text, std::string_view whole) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size())
        return fail(Code::invalid_value, "\"" + std::string(whole) + "\" has no port up to 65535", kForms);
    return port;
}

} // namespace

bool is_v4(const Address& address) {
    return std::equal(kMapped.begin(), kMapped.begin() + kMappedPrefix, address.begin());
}

bool is_loopback(const Address& address) {
    if (is_v4(address)) return address[kMappedPrefix] == 127;
    return address.back() == 1 && std::all_of(address.begin(), address.end() - 1, [](auto byte) { return byte == 0; });
}

std::string to_text(const Address& address) {
    char text[INET6_ADDRSTRLEN] = {};
    const bool v4 = is_v4(address);
    ::inet_ntop(v4 ? AF_INET : AF_INET6, address.data() + (v4 ? kMappedPrefix : 0), text, sizeof text);
    return text;
}

std::string to_text(const Endpoint& endpoint) {
    const auto address = to_text(endpoint.address);
    return (is_v4(endpoint.address) ? address : "[" + address + "]") + ":" + std::to_string(endpoint.port);
}

Result<Address> parse_address(std::string_view text) {
    const std::string copy(text);
    Address address = kMapped;
    const bool whole = copy.find('\0') == std::string::npos; // inet_pton would stop there
    if (whole && ::inet_pton(AF_INET, copy.c_str(), address.data() + kMappedPrefix) == 1) return address;
    if (whole && ::inet_pton(AF_INET6, copy.c_str(), address.data()) == 1) return address;
    return fail(Code::invalid_value, "\"" + copy + "\" is not an IP address", "write it as 192.0.2.1 or 2001:db8::1");
}

Result<std::optional<Endpoint>> parse_endpoint(std::string_view text) {
    if (text == "off") return std::nullopt;
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos)
        return fail(Code::invalid_value, "\"" + std::string(text) + "\" is not an address with a port", kForms);
    auto host = text.substr(0, colon);
    const auto port = TRY(parse_port(text.substr(colon + 1), text));
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    if (bracketed) host = host.substr(1, host.size() - 2);
    if (!bracketed && host == "localhost") host = "127.0.0.1";
    auto address = parse_address(host);
    if (!address || bracketed != (host.find(':') != std::string_view::npos))
        return fail(Code::invalid_value, "\"" + std::string(text) + "\" does not name an address to listen on", kForms);
    return Endpoint{*address, port};
}

} // namespace owhale::config
