#include "transport/hosts.hpp"

#include <algorithm>
#include <array>

namespace owhale::transport {
namespace {

constexpr std::array<std::string_view, 3> kOwn = {"localhost", "127.0.0.1", "::1"};

std::string lower(std::string_view text) {
    std::string copy(text);
    std::ranges::transform(copy, copy.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return copy;
}

bool is_port(std::string_view text) {
    return text.size() <= 5 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// The host of HOST, HOST:PORT, [ADDRESS] or [ADDRESS]:PORT; nothing when it is none of these.
std::optional<std::string> host_of(std::string_view authority) {
    const auto bracket = authority.rfind(']');
    const auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
    if (colon != std::string_view::npos) {
        if (!is_port(authority.substr(colon + 1))) return std::nullopt;
        authority = authority.substr(0, colon);
    }
    const bool bracketed = authority.starts_with('[') && authority.ends_with(']');
    if (bracketed) authority = authority.substr(1, authority.size() - 2);
    const auto address = config::parse_address(authority);
    if (bracketed && (!address || config::is_v4(*address))) return std::nullopt;
    return address ? config::to_text(*address) : lower(authority);
}

// A certificate's *.example.org covers one label (RFC 6125 section 6.4.3).
bool covers(std::string_view name, std::string_view host) {
    if (!name.starts_with("*.")) return name == host;
    const auto suffix = name.substr(1);
    return host.size() > suffix.size() && host.ends_with(suffix) && host.find('.') == host.size() - suffix.size();
}

} // namespace

Hosts::Hosts(const std::vector<std::string>& names) {
    for (const auto& name : names) {
        const auto address = config::parse_address(name);
        names_.push_back(address ? config::to_text(*address) : lower(name));
    }
}

bool Hosts::answers_for(std::string_view authority, const std::optional<config::Address>& own) const {
    const auto host = host_of(authority);
    if (!host) return false;
    if (std::ranges::find(kOwn, *host) != kOwn.end()) return true;
    if (!own) return *host == "owhaled";
    return *host == config::to_text(*own) ||
           std::ranges::any_of(names_, [&](const auto& name) { return covers(name, *host); });
}

} // namespace owhale::transport
