#include "spawner/socket_table.hpp"

#include <cstring>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <span>
#include <sys/socket.h>

namespace owhale::spawner {
namespace {

struct Endpoint {
    Address address{};
    std::uint16_t port = 0;  // host byte order
    std::uint32_t scope = 0; // of a link-local IPv6 address: its interface
};

constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_mapped(const Address& address) {
    return std::memcmp(address.data(), kMapped.data(), kMapped.size()) == 0;
}

Address mapped(const void* four_bytes) {
    Address address;
    std::memcpy(address.data(), kMapped.data(), kMapped.size());
    std::memcpy(address.data() + kMapped.size(), four_bytes, 4);
    return address;
}

bool is_link_local(const Address& address) {
    return address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
}

using NameCall = int (*)(int, sockaddr*, socklen_t*);

Result<Endpoint> endpoint_of(int socket, NameCall name, const char* what) {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    if (name(socket, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return fail_errno(what);
    Endpoint endpoint;
    if (storage.ss_family == AF_INET) {
        const auto& four = reinterpret_cast<const sockaddr_in&>(storage);
        endpoint.address = mapped(&four.sin_addr);
        endpoint.port = ntohs(four.sin_port);
    } else if (storage.ss_family == AF_INET6) {
        const auto& six = reinterpret_cast<const sockaddr_in6&>(storage);
        std::memcpy(endpoint.address.data(), &six.sin6_addr, endpoint.address.size());
        endpoint.port = ntohs(six.sin6_port);
        endpoint.scope = six.sin6_scope_id;
    } else {
        return fail(Code::internal, "a connection that is not TCP");
    }
    return endpoint;
}

// As inet_diag wants them: network byte order, IPv4 in the first four bytes.
void put_address(std::uint32_t (&to)[4], const Address& address) {
    std::memset(to, 0, sizeof to);
    if (is_mapped(address))
        std::memcpy(to, address.data() + kMapped.size(), 4);
    else
        std::memcpy(to, address.data(), address.size());
}

Address read_address(int family, const std::uint32_t (&from)[4]) {
    if (family == AF_INET) return mapped(from);
    Address address;
    std::memcpy(address.data(), from, address.size());
    return address;
}

struct Reply {
    std::array<char, 8192> bytes;
    std::size_t size = 0;

    // The payload of the one message of this type; none when the kernel answered with an error.
    std::span<const char> payload(std::uint16_t type, std::size_t at_least) const {
        nlmsghdr header{};
        if (size < sizeof header) return {};
        std::memcpy(&header, bytes.data(), sizeof header);
        if (header.nlmsg_type != type || header.nlmsg_len > size || header.nlmsg_len < NLMSG_HDRLEN + at_least)
            return {};
        return {bytes.data() + NLMSG_HDRLEN, header.nlmsg_len - NLMSG_HDRLEN};
    }
    // 0 unless it is an error message.
    int error() const {
        const auto body = payload(NLMSG_ERROR, sizeof(nlmsgerr));
        if (body.empty()) return 0;
        nlmsgerr error{};
        std::memcpy(&error, body.data(), sizeof error);
        return -error.error;
    }
};

// The kernel answers within the send; nothing is waited for.
Status ask(int socket, std::span<const char> request, Reply& reply) {
    while (::recv(socket, reply.bytes.data(), reply.bytes.size(), MSG_DONTWAIT) > 0) {} // nothing stale
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    if (::sendto(socket, request.data(), request.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&kernel),
                 sizeof kernel) < 0)
        return fail_errno("netlink");
    const auto got = ::recv(socket, reply.bytes.data(), reply.bytes.size(), MSG_DONTWAIT);
    if (got <= 0) return fail_errno("netlink");
    reply.size = static_cast<std::size_t>(got);
    return {};
}

template <typename T> nlmsghdr header_for(std::uint16_t type) {
    nlmsghdr header{};
    header.nlmsg_len = sizeof(T);
    header.nlmsg_type = type;
    header.nlmsg_flags = NLM_F_REQUEST;
    return header;
}

// The peer's own socket has the addresses the other way round. The kernel falls back to a listener of that address, and
// a socket that was closed but still sends has no owner any more: neither accounts for the peer.
std::optional<inet_diag_msg> its_socket(std::span<const char> body, const Endpoint& peer, const Endpoint& own) {
    inet_diag_msg found{};
    std::memcpy(&found, body.data(), sizeof found);
    const bool connected = found.idiag_state != TCP_LISTEN && found.idiag_state != TCP_TIME_WAIT &&
                           found.idiag_state != TCP_CLOSE && found.idiag_state != TCP_SYN_SENT &&
                           found.idiag_state != TCP_SYN_RECV;
    const auto& id = found.id;
    const bool same = ntohs(id.idiag_sport) == peer.port && ntohs(id.idiag_dport) == own.port &&
                      read_address(found.idiag_family, id.idiag_src) == peer.address &&
                      read_address(found.idiag_family, id.idiag_dst) == own.address;
    if (!connected || !same || found.idiag_inode == 0) return std::nullopt;
    return found;
}

std::uint64_t cgroup_of(std::span<const char> body) {
    auto rest = body.subspan(NLMSG_ALIGN(sizeof(inet_diag_msg)));
    while (rest.size() >= sizeof(rtattr)) {
        rtattr attribute{};
        std::memcpy(&attribute, rest.data(), sizeof attribute);
        if (attribute.rta_len < sizeof attribute || attribute.rta_len > rest.size()) break;
        std::uint64_t id = 0;
        if (attribute.rta_type == INET_DIAG_CGROUP_ID && attribute.rta_len == RTA_LENGTH(sizeof id)) {
            std::memcpy(&id, rest.data() + RTA_LENGTH(0), sizeof id);
            return id;
        }
        rest = rest.subspan(std::min<std::size_t>(RTA_ALIGN(attribute.rta_len), rest.size()));
    }
    return 0;
}

// Whether an address is one of this machine's: the kernel would deliver to it here. What cannot be told counts as one.
Result<bool> is_own(int routes, const Endpoint& peer) {
    struct {
        nlmsghdr header;
        rtmsg message;
        rtattr to_header;
        std::uint32_t to[4];
        rtattr by_header;
        std::uint32_t by;
    } request{};
    const bool four = is_mapped(peer.address);
    const bool by_interface = is_link_local(peer.address);
    request.header = header_for<decltype(request)>(RTM_GETROUTE);
    request.message.rtm_family = four ? AF_INET : AF_INET6;
    request.message.rtm_dst_len = four ? 32 : 128;
    put_address(request.to, peer.address);
    // An attribute of four bytes for IPv4: what follows moves up.
    request.to_header = {static_cast<unsigned short>(RTA_LENGTH(four ? 4 : 16)), RTA_DST};
    request.by_header = {static_cast<unsigned short>(RTA_LENGTH(4)), RTA_OIF};
    request.by = peer.scope;
    if (four)
        request.header.nlmsg_len = offsetof(decltype(request), to) + 4;
    else if (!by_interface)
        request.header.nlmsg_len = offsetof(decltype(request), by_header);
    Reply reply;
    CHECK(ask(routes, {reinterpret_cast<const char*>(&request), request.header.nlmsg_len}, reply));
    const auto body = reply.payload(RTM_NEWROUTE, sizeof(rtmsg));
    if (body.empty()) return true;
    rtmsg route{};
    std::memcpy(&route, body.data(), sizeof route);
    return route.rtm_type == RTN_LOCAL;
}

} // namespace

Result<SocketTable> SocketTable::open() {
    SocketTable table;
    table.diag_.reset(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
    if (!table.diag_) return fail_errno("the kernel's table of sockets (NETLINK_SOCK_DIAG)");
    table.routes_.reset(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    if (!table.routes_) return fail_errno("the kernel's routes (NETLINK_ROUTE)");
    return table;
}

bool SocketTable::works() const {
    const Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof at;
    auto* name = reinterpret_cast<sockaddr*>(&at);
    if (::bind(listener.get(), name, length) != 0 || ::listen(listener.get(), 1) != 0 ||
        ::getsockname(listener.get(), name, &length) != 0 || ::connect(client.get(), name, length) != 0)
        return false;
    const Fd server(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const auto peer = server ? find_peer(server.get()) : fail_errno("accept");
    return peer && peer->where == TcpPeer::Where::here;
}

Result<TcpPeer> SocketTable::find_peer(int socket) const {
    const auto peer = TRY(endpoint_of(socket, ::getpeername, "getpeername"));
    const auto own = TRY(endpoint_of(socket, ::getsockname, "getsockname"));
    struct {
        nlmsghdr header;
        inet_diag_req_v2 query;
    } request{};
    request.header = header_for<decltype(request)>(SOCK_DIAG_BY_FAMILY);
    auto& query = request.query;
    query.sdiag_family = is_mapped(peer.address) ? AF_INET : AF_INET6;
    query.sdiag_protocol = IPPROTO_TCP;
    query.idiag_states = ~0u;
    query.id.idiag_sport = htons(peer.port);
    query.id.idiag_dport = htons(own.port);
    put_address(query.id.idiag_src, peer.address);
    put_address(query.id.idiag_dst, own.address);
    query.id.idiag_if = peer.scope;
    query.id.idiag_cookie[0] = query.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    Reply reply;
    CHECK(ask(diag_.get(), {reinterpret_cast<const char*>(&request), sizeof request}, reply));
    TcpPeer found;
    found.address = peer.address;
    found.port = peer.port;
    const auto body = reply.payload(SOCK_DIAG_BY_FAMILY, sizeof(inet_diag_msg));
    if (body.empty() && reply.error() != ENOENT)
        return fail_errno("sock_diag", reply.error() != 0 ? reply.error() : EPROTO);
    if (!body.empty()) {
        if (const auto socket_there = its_socket(body, peer, own)) {
            found.where = TcpPeer::Where::here;
            found.uid = socket_there->idiag_uid;
            found.cgroup = cgroup_of(body);
            return found;
        }
    }
    found.where = TRY(is_own(routes_.get(), peer)) ? TcpPeer::Where::unaccounted : TcpPeer::Where::remote;
    return found;
}

} // namespace owhale::spawner
