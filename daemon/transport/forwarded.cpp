#include "transport/forwarded.hpp"

#include <algorithm>

namespace owhale::transport {
namespace {

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

} // namespace

config::Address client_behind(std::span<const config::Address> proxies, const config::Address& socket,
                              std::string_view forwarded_for) {
    auto client = socket;
    while (!forwarded_for.empty() && std::ranges::find(proxies, client) != proxies.end()) {
        const auto comma = forwarded_for.rfind(',');
        const auto last = comma == std::string_view::npos ? forwarded_for : forwarded_for.substr(comma + 1);
        const auto address = config::parse_address(trimmed(last));
        if (!address) return client;
        client = *address;
        forwarded_for = comma == std::string_view::npos ? std::string_view{} : forwarded_for.substr(0, comma);
    }
    return client;
}

} // namespace owhale::transport
