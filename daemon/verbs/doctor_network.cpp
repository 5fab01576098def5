#include "verbs/doctor_network.hpp"

#include <cerrno>
#include <cstring>
#include <string>

namespace owhale::verbs {
namespace {

using wire::Piece;

int error_of(const wire::Ready& ready, Piece piece) {
    const auto index = static_cast<unsigned>(piece);
    return (ready.net_have >> index & 1) != 0 ? 0 : ready.net_err[index] != 0 ? ready.net_err[index] : ENOSYS;
}

std::string because(int err) {
    return std::string("the kernel answers: ") + std::strerror(err);
}

// A module is loaded for whoever asks, unless the machine forbids that; then it has to be there before.
std::string fix_of(int err) {
    constexpr const char* kModules =
        "modprobe -a nf_tables nft_tproxy (and put both into /etc/modules-load.d/owhaled.conf)";
    if (err == EPERM || err == EACCES) return std::string("as root: ") + kModules + "; in Docker: --cap-add NET_ADMIN";
    return std::string(kModules) + "; else a kernel with CONFIG_NF_TABLES and CONFIG_NFT_TPROXY";
}

api::Check check_scoped(const wire::Ready& ready) {
    api::Check check{"scoped network", "ok", "a proxy and a name server of owhaled's in the run's own namespace", "",
                     ""};
    for (const auto piece : {Piece::proxy, Piece::dns_udp}) {
        const int err = error_of(ready, piece);
        if (err == 0) continue;
        check.state = "weaker"; // runs without a network, or with the host's, lack nothing
        check.detail = because(err);
        check.lost = "no run has a scoped network: --net none and --net host alone";
        check.fix = "network namespaces (CONFIG_NET_NS), and as for \"user namespaces\"";
    }
    return check;
}

api::Check check_transparent(const wire::Ready& ready, const char* name, Piece piece) {
    api::Check check{name, "ok", "programs that know of no proxy reach what is allowed", "", ""};
    const int err = error_of(ready, piece);
    if (err == 0) return check;
    if (piece == Piece::transparent6 && error_of(ready, Piece::transparent4) == 0 &&
        (err == EAFNOSUPPORT || err == EOPNOTSUPP || err == EACCES)) {
        check.detail = "this machine has no IPv6, so a run needs none";
        return check;
    }
    check.state = "weaker";
    check.detail = because(err);
    check.lost = "in a scoped run only programs that heed HTTP_PROXY or ALL_PROXY have a network";
    check.fix = fix_of(err);
    return check;
}

api::Check check_nftables(const wire::Ready& ready) {
    api::Check check{"nftables", "ok", "tproxy: no connection of a run is tracked", "", ""};
    const int err = error_of(ready, Piece::transparent4);
    if (err == 0 && ready.net_by_tproxy != 0) return check;
    check.state = "weaker";
    check.detail = err == 0 ? "redirect, since tproxy is missing" : because(err);
    check.lost = err == 0 ? "a run's connections are tracked, in a table that it could fill for itself"
                          : "nothing brings connections of programs without proxy settings to owhaled";
    check.fix = fix_of(err);
    return check;
}

api::Check check_udp(const wire::Ready& ready) {
    api::Check check{"udp report", "ok", "datagrams that are not DNS are refused and reported with where they went", "",
                     ""};
    const int err = error_of(ready, Piece::udp);
    if (err == 0 && ready.net_by_tproxy != 0) return check;
    check.state = "weaker";
    check.detail = err == 0 ? "redirect, since tproxy is missing" : because(err);
    check.lost = "datagrams are refused, but the report does not say where they went";
    check.fix = fix_of(err);
    return check;
}

} // namespace

std::vector<api::Check> examine_network(const wire::Ready& ready) {
    return {check_scoped(ready), check_transparent(ready, "transparent network (IPv4)", Piece::transparent4),
            check_transparent(ready, "transparent network (IPv6)", Piece::transparent6), check_nftables(ready),
            check_udp(ready)};
}

} // namespace owhale::verbs
