// Socket families, types and netlink protocols. Socket type 15 does not exist: the kernel answers EINVAL for it before
// it looks at the family or at rights, so nothing is ever opened (net/socket.c, __sock_create).
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "probe.hpp"

namespace owhale::probe {
namespace {

constexpr unsigned long kNoSuchType = 15;
constexpr unsigned long kHighBits = 1UL << 32;
constexpr int kFamilies = 46; // AF_MAX of Linux 5.15 and later

struct Family {
    int number;
    const char* name;
};

constexpr Family kNamed[] = {
    {3, "ax25"},    {4, "ipx"},         {5, "appletalk"},  {6, "netrom"},   {7, "bridge"},      {8, "atmpvc"},
    {9, "x25"},     {11, "rose"},       {12, "decnet"},    {13, "netbeui"}, {14, "security"},   {15, "key"},
    {17, "packet"}, {18, "ash"},        {19, "econet"},    {20, "atmsvc"},  {21, "rds"},        {22, "sna"},
    {23, "irda"},   {24, "pppox"},      {25, "wanpipe"},   {26, "llc"},     {27, "infiniband"}, {28, "mpls"},
    {29, "can"},    {30, "tipc"},       {31, "bluetooth"}, {32, "iucv"},    {33, "rxrpc"},      {34, "isdn"},
    {35, "phonet"}, {36, "ieee802154"}, {37, "caif"},      {38, "alg"},     {39, "nfc"},        {40, "vsock"},
    {41, "kcm"},    {42, "qipcrtr"},    {43, "smc"},       {44, "xdp"},     {45, "mctp"}};
static_assert(kNamed[std::size(kNamed) - 1].number == kFamilies - 1);

struct Protocol {
    int number;
    const char* name;
};

constexpr Protocol kNetlink[] = {{NETLINK_SOCK_DIAG, "sock-diag"}, {NETLINK_XFRM, "xfrm"},
                                 {NETLINK_AUDIT, "audit"},         {NETLINK_CONNECTOR, "connector"},
                                 {NETLINK_NETFILTER, "netfilter"}, {NETLINK_KOBJECT_UEVENT, "uevent"},
                                 {NETLINK_GENERIC, "generic"},     {NETLINK_CRYPTO, "crypto"}};

Outcome open_badly(long call, unsigned long family) {
    int pair[2];
    const long result =
        call == SYS_socket ? syscall(call, family, kNoSuchType, 0) : syscall(call, family, kNoSuchType, 0, pair);
    return judge_call(result, errno, {EINVAL});
}

// Protocol 0 of a raw socket is EPROTONOSUPPORT before CAP_NET_RAW is asked for (net/ipv4/af_inet.c, inet_create).
Outcome raw_badly(unsigned long family, unsigned long type) {
    const long result = syscall(SYS_socket, family, type, 0);
    return judge_call(result, errno, {EPROTONOSUPPORT, ESOCKTNOSUPPORT});
}

Outcome open_truly(unsigned long family, unsigned long type, unsigned long protocol) {
    const long result = syscall(SYS_socket, family, type, protocol);
    const int error = errno;
    if (result != -1) close(static_cast<int>(result));
    return judge_call(result, error, {EPROTONOSUPPORT});
}

void add_families(Probes& probes) {
    for (const Family& family : kNamed) {
        const auto number = static_cast<unsigned long>(family.number);
        const std::string name = std::string("socket-") + family.name;
        probes.push_back(ask_user(name, [number](const std::string&) { return open_badly(SYS_socket, number); }));
    }
    const auto high = [&](const char* name, long call, unsigned long family) {
        probes.push_back(ask_user(name, [call, family](const std::string&) { return open_badly(call, family); }));
    };
    high("socket-packet-high-bits", SYS_socket, kHighBits | AF_PACKET);
    high("socket-vsock-high-bits", SYS_socket, kHighBits | AF_VSOCK);
    high("socket-unix-high-bits", SYS_socket, kHighBits | AF_UNIX);
    high("socketpair-vsock", SYS_socketpair, AF_VSOCK);
    high("socketpair-tipc", SYS_socketpair, 30);
    high("socketpair-vsock-high-bits", SYS_socketpair, kHighBits | AF_VSOCK);
}

void add_raw(Probes& probes) {
    const auto bad = [&](const char* name, unsigned long family, unsigned long type) {
        probes.push_back(ask_user(name, [family, type](const std::string&) { return raw_badly(family, type); }));
    };
    bad("socket-raw-inet", AF_INET, SOCK_RAW);
    bad("socket-raw-inet6", AF_INET6, SOCK_RAW);
    bad("socket-raw-inet-cloexec", AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK);
    bad("socket-raw-inet-high-bits", AF_INET, kHighBits | SOCK_RAW);
    probes.push_back(
        ask_root("socket-raw-icmp", [](const std::string&) { return open_truly(AF_INET, SOCK_RAW, IPPROTO_ICMP); }));
    probes.push_back(
        ask_root("socket-packet-for-real", [](const std::string&) { return open_truly(AF_PACKET, SOCK_RAW, 0); }));
}

void add_netlink(Probes& probes) {
    for (const Protocol& protocol : kNetlink) {
        const auto number = static_cast<unsigned long>(protocol.number);
        const std::string name = std::string("netlink-") + protocol.name;
        Probe probe = ask_user(name, [number](const std::string&) { return open_truly(AF_NETLINK, SOCK_RAW, number); });
        probes.push_back(with_config(std::move(probe), number == NETLINK_CRYPTO ? "CONFIG_CRYPTO_USER" : "-"));
    }
    probes.push_back(ask_user("netlink-audit-high-bits", [](const std::string&) {
        return open_truly(AF_NETLINK, SOCK_RAW, kHighBits | NETLINK_AUDIT);
    }));
}

} // namespace

void add_sockets(Probes& probes) {
    add_families(probes);
    add_raw(probes);
    add_netlink(probes);
    const auto permit = [&](const char* name, unsigned long family, unsigned long type, unsigned long protocol) {
        probes.push_back(
            permitted(ask_user(name, [=](const std::string&) { return open_truly(family, type, protocol); })));
    };
    permit("socket-tcp", AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    permit("socket-udp6", AF_INET6, SOCK_DGRAM, 0);
    permit("netlink-route", AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

} // namespace owhale::probe
