#include "egress/address_kind.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace owhale::egress {
namespace {

namespace ip = boost::asio::ip;
using V6 = ip::address_v6::bytes_type;

struct Row {
    const char* network; // IPv4 or IPv6
    unsigned bits;
    AddressKind kind;
};

// The IANA special-purpose registries (RFC 6890), and what clouds serve their machines' credentials from. First match counts.
constexpr std::array kTable = {
    Row{"0.0.0.0", 8, {"unspecified", false}},         // RFC 791 section 3.2; Linux takes 0.0.0.0 for loopback
    Row{"127.0.0.0", 8, {"loopback", false}},          // RFC 1122 section 3.2.1.3
    Row{"169.254.169.254", 32, {"metadata", false}},   // instance metadata of most clouds
    Row{"169.254.170.0", 24, {"metadata", false}},     // of containers' credentials
    Row{"100.100.100.200", 32, {"metadata", false}},   // another cloud's
    Row{"168.63.129.16", 32, {"metadata", false}},     // another cloud's wire server
    Row{"192.0.0.192", 32, {"metadata", false}},       // another cloud's
    Row{"169.254.0.0", 16, {"link-local", false}},     // RFC 3927
    Row{"10.0.0.0", 8, {"private", true}},             // RFC 1918
    Row{"172.16.0.0", 12, {"private", true}},          // RFC 1918
    Row{"192.168.0.0", 16, {"private", true}},         // RFC 1918
    Row{"100.64.0.0", 10, {"shared", true}},           // RFC 6598, carrier-grade NAT
    Row{"198.18.0.0", 15, {"benchmarking", false}},    // RFC 2544; inside a run it stands for names
    Row{"192.0.0.0", 24, {"reserved", false}},         // RFC 6890
    Row{"192.0.2.0", 24, {"documentation", false}},    // RFC 5737
    Row{"198.51.100.0", 24, {"documentation", false}}, // RFC 5737
    Row{"203.0.113.0", 24, {"documentation", false}},  // RFC 5737
    Row{"192.88.99.0", 24, {"reserved", false}},       // RFC 7526, 6to4 relays
    Row{"224.0.0.0", 4, {"multicast", false}},         // RFC 5771
    Row{"255.255.255.255", 32, {"broadcast", false}},  // RFC 919
    Row{"240.0.0.0", 4, {"reserved", false}},          // RFC 1112 section 4
    Row{"::", 128, {"unspecified", false}},            // RFC 4291 section 2.5.2
    Row{"::1", 128, {"loopback", false}},              // RFC 4291 section 2.5.3
    Row{"::", 96, {"reserved", false}},                // RFC 4291 section 2.5.5.1, IPv4-compatible
    Row{"fd00:ec2::", 32, {"metadata", false}},        // fd00:ec2::254, ::253, ::123, ::23
    Row{"fd20:ce::254", 128, {"metadata", false}},     // another cloud's
    Row{"fe80::", 10, {"link-local", false}},          // RFC 4291 section 2.5.6
    Row{"fec0::", 10, {"link-local", false}},          // RFC 3879, site-local of old
    Row{"fd6f:7768:616c::", 48, {"reserved", false}},  // inside a run it stands for names
    Row{"fc00::", 7, {"private", true}},               // RFC 4193
    Row{"ff00::", 8, {"multicast", false}},            // RFC 4291 section 2.7
    Row{"100::", 64, {"reserved", false}},             // RFC 6666, discard
    Row{"2001:db8::", 32, {"documentation", false}},   // RFC 3849
    Row{"3fff::", 20, {"documentation", false}},       // RFC 9637
    Row{"2001:2::", 48, {"benchmarking", false}},      // RFC 5180
    Row{"64:ff9b:1::", 48, {"reserved", false}},       // RFC 8215, local NAT64: what it carries is the site's choice
    Row{"5f00::", 16, {"reserved", false}},            // RFC 9602
};

// IPv4 as its mapped form, so that one comparison serves both; a row of one family does not match the other.
V6 bytes_of(const ip::address& address) {
    return address.is_v4() ? ip::make_address_v6(ip::v4_mapped, address.to_v4()).to_bytes()
                           : address.to_v6().to_bytes();
}

bool within(const V6& address, const V6& network, unsigned bits) {
    const auto whole = bits / 8, rest = bits % 8;
    if (!std::equal(address.begin(), address.begin() + whole, network.begin())) return false;
    if (rest == 0) return true;
    const unsigned mask = 0xffu << (8 - rest) & 0xffu;
    return ((address[whole] ^ network[whole]) & mask) == 0;
}

struct Network {
    V6 bytes;
    unsigned bits;
    const AddressKind* kind;
};

const std::array<Network, kTable.size()>& networks() {
    static const auto all = [] {
        std::array<Network, kTable.size()> out;
        std::ranges::transform(kTable, out.begin(), [](const Row& row) {
            const auto network = ip::make_address(row.network);
            return Network{bytes_of(network), row.bits + (network.is_v4() ? 96 : 0), &row.kind};
        });
        return out;
    }();
    return all;
}

ip::address_v4 four(const V6& bytes, std::size_t from, unsigned char flip = 0) {
    ip::address_v4::bytes_type out;
    for (std::size_t i = 0; i < 4; ++i) out[i] = static_cast<unsigned char>(bytes[from + i] ^ flip);
    return ip::address_v4(out);
}

// The IPv4 address that an IPv6 one leads to.
std::optional<ip::address_v4> carried(const V6& b) {
    static const auto nat64 = ip::make_address_v6("64:ff9b::").to_bytes(); // RFC 6052
    if (within(b, nat64, 96)) return four(b, 12);
    if (b[0] == 0x20 && b[1] == 0x02) return four(b, 2);                                   // 6to4, RFC 3056
    if (b[0] == 0x20 && b[1] == 0x01 && b[2] == 0 && b[3] == 0) return four(b, 12, 0xff);  // Teredo, RFC 4380
    const bool isatap = (b[8] & 0xfd) == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe; // RFC 5214
    return isatap ? std::optional(four(b, 12)) : std::nullopt;
}

} // namespace

const AddressKind* special(const ip::address& address) {
    const auto bytes = bytes_of(address);
    for (const auto& network : networks())
        if (within(bytes, network.bytes, network.bits)) return network.kind;
    if (address.is_v4() || address.to_v6().is_v4_mapped()) return nullptr;
    const auto inner = carried(bytes);
    return inner ? special(*inner) : nullptr;
}

} // namespace owhale::egress
