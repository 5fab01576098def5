#include "egress/original.hpp"

#include <algorithm>
#include <netinet/in.h>
#include <sys/socket.h>

#include "sandbox/plan.hpp"

namespace owhale::egress {
namespace {

namespace ip = boost::asio::ip;

constexpr int kOriginalDst = 80; // SO_ORIGINAL_DST, linux/netfilter_ipv4.h; IP6T_SO_ORIGINAL_DST is the same number
constexpr int kIpOrigDst = 20;   // IP_ORIGDSTADDR, linux/in.h
constexpr int kIpv6OrigDst = 74; // IPV6_ORIGDSTADDR, linux/in6.h

struct Place {
    ip::address address;
    std::uint16_t port = 0;
};

std::optional<Place> read(const sockaddr_storage& name) {
    if (name.ss_family == AF_INET) {
        const auto& four = reinterpret_cast<const sockaddr_in&>(name);
        return Place{ip::address_v4(ntohl(four.sin_addr.s_addr)), ntohs(four.sin_port)};
    }
    if (name.ss_family != AF_INET6) return std::nullopt;
    const auto& six = reinterpret_cast<const sockaddr_in6&>(name);
    ip::address_v6::bytes_type bytes;
    std::ranges::copy(six.sin6_addr.s6_addr, bytes.begin());
    const ip::address_v6 address(bytes);
    if (address.is_v4_mapped()) return Place{ip::make_address_v4(ip::v4_mapped, address), ntohs(six.sin6_port)};
    return Place{address, ntohs(six.sin6_port)};
}

std::optional<Place> name_of(int socket) {
    sockaddr_storage name{};
    socklen_t size = sizeof name;
    if (::getsockname(socket, reinterpret_cast<sockaddr*>(&name), &size) != 0) return std::nullopt;
    return read(name);
}

std::optional<Place> redirected_from(int socket, bool six) {
    sockaddr_storage name{};
    socklen_t size = six ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
    if (::getsockopt(socket, six ? IPPROTO_IPV6 : IPPROTO_IP, kOriginalDst, &name, &size) != 0) return std::nullopt;
    return read(name);
}

} // namespace

std::optional<ip::tcp::endpoint> original_of(int socket, bool by_tproxy) {
    const auto own = name_of(socket);
    if (!own) return std::nullopt;
    const auto place = by_tproxy ? own : redirected_from(socket, own->address.is_v6());
    if (!place || place->address.is_loopback() || place->address.is_unspecified()) return std::nullopt;
    return ip::tcp::endpoint(place->address, place->port);
}

std::optional<ip::udp::endpoint> original_of(const msghdr& message) {
    auto* whole = const_cast<msghdr*>(&message);
    for (auto* part = CMSG_FIRSTHDR(whole); part != nullptr; part = CMSG_NXTHDR(whole, part)) {
        const bool four = part->cmsg_level == IPPROTO_IP && part->cmsg_type == kIpOrigDst;
        const bool six = part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == kIpv6OrigDst;
        if (!four && !six) continue;
        sockaddr_storage name{};
        const auto size = std::min<std::size_t>(part->cmsg_len - CMSG_LEN(0), sizeof name);
        std::copy_n(CMSG_DATA(part), size, reinterpret_cast<unsigned char*>(&name));
        if (const auto place = read(name)) return ip::udp::endpoint(place->address, place->port);
    }
    return std::nullopt;
}

} // namespace owhale::egress
