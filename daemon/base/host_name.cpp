#include "base/host_name.hpp"

#include <algorithm>
#include <charconv>

namespace owhale {
namespace {

namespace ip = boost::asio::ip;

constexpr std::size_t kLongestName = 253, kLongestLabel = 63; // RFC 1035 section 2.3.4, as text

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

bool is_label(std::string_view label) {
    if (label.empty() || label.size() > kLongestLabel || label.front() == '-' || label.back() == '-') return false;
    return std::ranges::all_of(label, [](char c) { return is_digit(c) || is_lower(c) || c == '-' || c == '_'; });
}

// Digits alone, or hexadecimal as inet_aton takes it: the whole would be an address to some readers.
bool is_number(std::string_view label) {
    if (std::ranges::all_of(label, is_digit)) return true;
    return label.starts_with("0x") &&
           std::ranges::all_of(label.substr(2), [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (auto& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

unsigned width(const ip::address& address) {
    return address.is_v4() ? 32 : 128;
}

// The leading bits, as of an IPv6 address.
ip::address_v6::bytes_type wide(const ip::address& address) {
    return address.is_v4() ? ip::make_address_v6(ip::v4_mapped, address.to_v4()).to_bytes()
                           : address.to_v6().to_bytes();
}

bool bit_of(const ip::address_v6::bytes_type& bytes, unsigned bit) {
    return (bytes[bit / 8] >> (7 - bit % 8) & 1) != 0;
}

bool host_bits_are_zero(const AddressRange& range) {
    const auto bytes = wide(range.network);
    for (unsigned bit = 128 - width(range.network) + range.bits; bit < 128; ++bit)
        if (bit_of(bytes, bit)) return false;
    return true;
}

std::unexpected<Error> no_host(std::string_view text) {
    return fail(Code::invalid_value, "\"" + std::string(text.substr(0, 300)) + "\" is no host",
                "a name such as api.example.com (A-labels: xn--…), or an address such as 192.0.2.7 or [2001:db8::1]");
}

} // namespace

bool is_host_name(std::string_view text) {
    if (text.empty() || text.size() > kLongestName) return false;
    std::string_view label;
    for (std::size_t from = 0; from <= text.size();) {
        const auto dot = std::min(text.find('.', from), text.size());
        label = text.substr(from, dot - from);
        if (!is_label(label)) return false;
        from = dot + 1;
    }
    return !is_number(label);
}

std::optional<ip::address> as_address(std::string_view text) {
    // inet_pton alone would take a zone's "%"; a mapped address would be the same host in a second spelling.
    if (text.empty() || text.size() > 45 || text.find('%') != std::string_view::npos) return std::nullopt;
    boost::system::error_code error;
    const auto address = ip::make_address(std::string(text), error);
    if (error) return std::nullopt;
    if (address.is_v6() && address.to_v6().is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, address.to_v6());
    return address;
}

std::optional<AddressRange> read_range(std::string_view text) {
    const auto slash = text.rfind('/');
    auto host = text.substr(0, slash);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']' && host.find(':') != std::string_view::npos)
        host = host.substr(1, host.size() - 2);
    const auto address = as_address(host);
    if (!address) return std::nullopt;
    AddressRange range{*address, width(*address)};
    if (slash == std::string_view::npos) return range;
    const auto digits = text.substr(slash + 1);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), range.bits);
    if (read.ec != std::errc() || read.ptr != digits.data() + digits.size() || range.bits > width(*address))
        return std::nullopt;
    return host_bits_are_zero(range) ? std::optional(range) : std::nullopt;
}

bool contains(const AddressRange& range, const AddressRange& inner) {
    if (range.network.is_v4() != inner.network.is_v4() || range.bits > inner.bits) return false;
    const auto a = wide(range.network), b = wide(inner.network);
    const unsigned all = 128 - width(range.network) + range.bits;
    for (unsigned bit = 0; bit < all; ++bit)
        if (bit_of(a, bit) != bit_of(b, bit)) return false;
    return true;
}

std::string to_text(const AddressRange& range) {
    const auto text = range.network.to_string();
    if (range.bits == width(range.network)) return text;
    return (range.network.is_v4() ? text : "[" + text + "]") + "/" + std::to_string(range.bits);
}

Result<std::string> normal_host(std::string_view text) {
    auto host = lower(text);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        const auto inner = as_address(std::string_view(host).substr(1, host.size() - 2));
        if (!inner || host.find(':') == std::string::npos) return no_host(text);
        return inner->to_string();
    }
    if (const auto address = as_address(host)) return address->to_string();
    if (host.ends_with('.')) host.pop_back();
    if (!is_host_name(host)) return no_host(text);
    return host;
}

Result<HostPort> read_host_port(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos)
        return fail(Code::invalid_value, "\"" + std::string(text.substr(0, 300)) + "\" has no port", "HOST:PORT");
    auto host = text.substr(0, colon);
    const auto digits = text.substr(colon + 1);
    std::uint16_t port = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (read.ec != std::errc() || read.ptr != digits.data() + digits.size() || port == 0 || digits.size() > 5)
        return fail(Code::invalid_value, "\"" + std::string(digits.substr(0, 20)) + "\" is no port", "1 to 65535");
    if (host.find(':') != std::string_view::npos && !host.starts_with('[')) return no_host(host);
    return HostPort{TRY(normal_host(host)), port};
}

std::string to_text(const std::string& host, std::uint16_t port) {
    const bool brackets = host.find(':') != std::string::npos;
    return (brackets ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

} // namespace owhale
