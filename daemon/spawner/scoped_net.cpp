#include "spawner/scoped_net.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "spawner/channel.hpp"
#include "spawner/netlink.hpp"
#include "spawner/processes.hpp"

namespace owhale::spawner {
namespace {

using wire::Piece;

constexpr std::uint32_t kLoopbackIndex = 1; // lo is the first interface of every namespace
constexpr int kBacklog = 4096;
constexpr int kTrialSeconds = 5; // a module may have to be loaded

// `local 0.0.0.0/0 dev lo` and its twin. With the loopback address as source, answers go to what is left alone.
template <typename Address> void add_route(NetlinkBatch& batch, std::uint8_t family, const Address& source) {
    rtmsg route{};
    route.rtm_family = family;
    route.rtm_table = RT_TABLE_LOCAL;
    route.rtm_protocol = RTPROT_STATIC;
    route.rtm_scope = RT_SCOPE_HOST;
    route.rtm_type = RTN_LOCAL;
    batch.begin(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, route);
    batch.attribute(RTA_OIF, &kLoopbackIndex, sizeof kLoopbackIndex);
    batch.attribute(RTA_PREFSRC, &source, sizeof source);
}

// One address that is no loopback one: without it AI_ADDRCONFIG (getaddrinfo(3)) finds that the machine has no IPv4, and
// resolvers answer nothing. It is the end of the range that names are given addresses of, and belongs to none of them.
void add_address(NetlinkBatch& batch) {
    ifaddrmsg address{};
    address.ifa_family = AF_INET;
    address.ifa_prefixlen = 32;
    address.ifa_index = kLoopbackIndex;
    const in_addr own{htonl(0xc613fffe)}; // 198.19.255.254, of RFC 2544's 198.18.0.0/15
    batch.begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, address);
    batch.attribute(IFA_LOCAL, &own, sizeof own);
}

std::vector<std::uint8_t> link_script() {
    NetlinkBatch batch;
    ifinfomsg up{};
    up.ifi_index = kLoopbackIndex;
    up.ifi_flags = up.ifi_change = IFF_UP;
    batch.begin(RTM_NEWLINK, 0, up);
    const in_addr four{htonl(INADDR_LOOPBACK)};
    add_route(batch, AF_INET, four);
    add_route(batch, AF_INET6, in6addr_loopback);
    add_address(batch);
    return batch.bytes();
}

struct Kernel { // errnos of what it was told
    int loopback = 0, four = 0, six = 0;
};

int first_error(const std::array<int, kMaxRuleMessages>& errors) {
    const auto at = std::ranges::find_if(errors, [](int err) { return err != 0; });
    return at == errors.end() ? 0 : *at;
}

int send_rules(int socket, const std::vector<std::uint8_t>& rules) {
    std::array<int, kMaxRuleMessages> errors;
    if (const int err = send_netlink(socket, rules, errors.data(), errors.size()); err != 0) return err;
    return first_error(errors);
}

Kernel tell_kernel(const NetworkScript& script) {
    std::array<int, 4> errors; // the last one's, of the address, costs a convenience alone
    const Fd routes(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    if (!routes) return {errno, errno, errno};
    if (const int err = send_netlink(routes.get(), script.links, errors.data(), errors.size()); err != 0)
        return {err, err, err};
    Kernel kernel{errors[0], errors[1], errors[2]};
    const Fd filter(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
    const int none = filter ? 0 : errno;
    if (kernel.four == 0) kernel.four = none != 0 ? none : send_rules(filter.get(), script.rules4);
    if (kernel.six == 0) kernel.six = none != 0 ? none : send_rules(filter.get(), script.rules6);
    return kernel;
}

bool set_one(int socket, int level, int name) {
    constexpr int kOn = 1;
    return ::setsockopt(socket, level, name, &kOn, sizeof kOn) == 0;
}

int bind_loopback(int socket, int family, std::uint16_t port) {
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
    six.sin6_addr = in6addr_loopback;
    const bool v4 = family == AF_INET;
    const auto* address = v4 ? reinterpret_cast<const sockaddr*>(&four) : reinterpret_cast<const sockaddr*>(&six);
    return ::bind(socket, address, v4 ? sizeof four : sizeof six) == 0 ? 0 : errno;
}

struct Want {
    int family, type;
    std::uint16_t port;
    bool transparent;                // takes what was sent to other addresses
    bool told_destination = false;   // IP_RECVORIGDSTADDR
    bool answers_by_address = false; // IP_PKTINFO
};

int make_socket(const Want& want, Fd& made) {
    Fd socket(::socket(want.family, want.type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) return errno;
    const int fd = socket.get();
    const bool v4 = want.family == AF_INET;
    if (!v4 && !set_one(fd, IPPROTO_IPV6, IPV6_V6ONLY)) return errno;
    if (want.transparent && !set_one(fd, v4 ? SOL_IP : SOL_IPV6, v4 ? IP_TRANSPARENT : IPV6_TRANSPARENT)) return errno;
    if (want.told_destination && !set_one(fd, v4 ? SOL_IP : SOL_IPV6, v4 ? IP_RECVORIGDSTADDR : IPV6_RECVORIGDSTADDR))
        return errno;
    if (want.answers_by_address && !set_one(fd, SOL_IP, IP_PKTINFO)) return errno;
    if (const int err = bind_loopback(fd, want.family, want.port); err != 0) return err;
    if (want.type == SOCK_STREAM && ::listen(fd, kBacklog) != 0) return errno;
    made = std::move(socket);
    return 0;
}

// `before`: the errno of what it needs, which it fails with as well.
void add_piece(Piece piece, int before, const Want& want, NetworkMade& made, NetworkFds& fds) {
    const auto index = static_cast<std::size_t>(piece);
    Fd socket;
    const int err = before != 0 ? before : make_socket(want, socket);
    made.err[index] = err;
    if (err != 0) return;
    made.have |= 1u << index;
    fds.add(std::move(socket));
}

void add_port(std::uint16_t port, NetworkMade& made, NetworkFds& fds) {
    auto& row = made.port[made.ports++];
    row.port = port;
    for (const int family : {AF_INET, AF_INET6}) {
        Fd socket;
        const int err = make_socket({family, SOCK_STREAM, port, false}, socket);
        if (family == AF_INET) row.err = err;
        if (row.err != 0) return;
        if (err != 0) continue; // no IPv6 here
        fds.add(std::move(socket));
        ++row.listeners;
    }
}

int make_and_tell(int socket, const NetworkScript& script) {
    NetworkMade made;
    NetworkFds fds;
    const int err = make_network(script, {}, made, fds);
    if (err != 0) made.err[0] = err;
    return send_packet(socket, &made, sizeof made, {}) ? 0 : EPIPE;
}

void fail_all(NetworkMade& made, int err) {
    made = {};
    std::ranges::fill(made.err, err);
}

void read_trial(int socket, NetworkTrial& trial) {
    const timeval patience{kTrialSeconds, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const auto packet = receive(socket, 0, 0);
    if (!packet || packet->size != sizeof trial.made)
        return fail_all(trial.made, packet ? ECHILD : packet.error().errnum);
    std::memcpy(&trial.made, packet->bytes.data(), sizeof trial.made);
}

NetworkTrial try_script(By by) {
    NetworkTrial trial{network_script(by), {}};
    int pair[2], pidfd = -1;
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        fail_all(trial.made, errno);
        return trial;
    }
    const Fd ours(pair[0]);
    Fd theirs(pair[1]);
    const auto pid = clone_process(CLONE_NEWUSER | CLONE_NEWNET, &pidfd, -1);
    if (pid == 0) ::_exit(make_and_tell(theirs.get(), trial.script));
    if (pid < 0) {
        fail_all(trial.made, errno);
        return trial;
    }
    const Fd process(pidfd);
    theirs.reset();
    read_trial(ours.get(), trial);
    send_signal(pidfd, SIGKILL);
    siginfo_t info{};
    ::waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED);
    return trial;
}

bool has(const NetworkMade& made, Piece piece) {
    return (made.have >> static_cast<unsigned>(piece) & 1) != 0;
}

} // namespace

NetworkScript network_script(By by) {
    return {by, link_script(), nft_rules(AF_INET, by), nft_rules(AF_INET6, by)};
}

bool fits(const NetworkMade& made, std::size_t fds) {
    if (made.ports > wire::kMaxHostPorts) return false;
    auto expected = static_cast<std::size_t>(std::popcount(made.have));
    for (const auto& port : std::span(made.port).first(made.ports)) expected += port.listeners;
    return fds == expected;
}

int make_network(const NetworkScript& script, std::span<const std::uint16_t> host_ports, NetworkMade& made,
                 NetworkFds& fds) {
    const auto kernel = tell_kernel(script);
    if (kernel.loopback != 0) return kernel.loopback;
    const bool tproxy = script.by == By::tproxy;
    made.by_tproxy = tproxy ? 1 : 0;
    const bool taken = tproxy && kernel.four == 0; // else nothing comes that was sent elsewhere
    constexpr auto kTcp = SOCK_STREAM, kUdp = SOCK_DGRAM;
    constexpr auto kThrough = wire::kTransparentPort;
    add_piece(Piece::proxy, 0, {AF_INET, kTcp, wire::kProxyPort, false}, made, fds);
    add_piece(Piece::dns_udp, 0, {AF_INET, kUdp, wire::kDnsPort, taken, false, true}, made, fds);
    add_piece(Piece::dns_tcp, 0, {AF_INET, kTcp, wire::kDnsPort, taken}, made, fds);
    add_piece(Piece::transparent4, kernel.four, {AF_INET, kTcp, kThrough, tproxy}, made, fds);
    add_piece(Piece::transparent6, kernel.six, {AF_INET6, kTcp, kThrough, tproxy}, made, fds);
    // A redirected datagram does not say where it was going: without a socket its sender is refused at once.
    const auto told = [&](int err) { return err != 0 || tproxy ? err : EOPNOTSUPP; };
    add_piece(Piece::udp, told(kernel.four), {AF_INET, kUdp, kThrough, tproxy, true}, made, fds);
    add_piece(Piece::udp6, told(kernel.six), {AF_INET6, kUdp, kThrough, tproxy, true}, made, fds);
    for (const auto port : host_ports) add_port(port, made, fds);
    const int proxy = made.err[static_cast<std::size_t>(Piece::proxy)];
    return proxy != 0 ? proxy : made.err[static_cast<std::size_t>(Piece::dns_udp)];
}

NetworkTrial try_network() {
#ifdef OWHALE_FAULTS
    if (::getenv("OWHALE_NO_TPROXY") != nullptr) return try_script(By::redirect);
#endif
    auto trial = try_script(By::tproxy);
    if (has(trial.made, Piece::transparent4)) return trial;
    auto other = try_script(By::redirect);
    return has(other.made, Piece::transparent4) ? other : trial;
}

} // namespace owhale::spawner
