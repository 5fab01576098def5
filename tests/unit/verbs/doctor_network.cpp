#include "verbs/doctor_network.hpp"

#include <algorithm>
#include <cerrno>

#include "checks.hpp"

using namespace owhale;
using wire::Piece;

namespace {

constexpr std::uint32_t bit(Piece piece) {
    return 1u << static_cast<unsigned>(piece);
}
constexpr std::uint32_t kAll = bit(Piece::ssh_agent) - 1;

wire::Ready whole() {
    wire::Ready ready{};
    ready.net_have = kAll;
    ready.net_by_tproxy = 1;
    return ready;
}

api::Check row(const wire::Ready& ready, std::string_view name) {
    const auto rows = verbs::examine_network(ready);
    const auto at = std::ranges::find(rows, name, &api::Check::name);
    REQUIRE(at != rows.end());
    return *at;
}

void lose(wire::Ready& ready, Piece piece, int err) {
    ready.net_have &= ~bit(piece);
    ready.net_err[static_cast<unsigned>(piece)] = err;
}

} // namespace

TEST_CASE("where every piece is there, every row is ok") {
    const auto rows = verbs::examine_network(whole());
    CHECK_EQ(rows.size(), 5);
    for (const auto& one : rows) CHECK_EQ(one.state, "ok");
}

TEST_CASE("without nf_tables proxy settings serve alone, and the row says which modules help") {
    auto ready = whole();
    for (const auto piece : {Piece::transparent4, Piece::transparent6, Piece::udp, Piece::udp6})
        lose(ready, piece, EPROTONOSUPPORT);
    CHECK_EQ(row(ready, "scoped network").state, "ok");
    for (const auto* name : {"transparent network (IPv4)", "transparent network (IPv6)", "nftables", "udp report"}) {
        const auto check = row(ready, name);
        CHECK_EQ(check.state, "weaker");
        CHECK_NE(check.fix.find("modprobe"), std::string::npos);
        CHECK_FALSE(check.lost.empty());
    }
}

TEST_CASE("a machine without IPv6 lacks nothing") {
    auto ready = whole();
    lose(ready, Piece::transparent6, EAFNOSUPPORT);
    lose(ready, Piece::udp6, EAFNOSUPPORT);
    for (const auto& one : verbs::examine_network(ready)) CHECK_EQ(one.state, "ok");
}

TEST_CASE("redirect instead of tproxy is told") {
    auto ready = whole();
    ready.net_by_tproxy = 0;
    lose(ready, Piece::udp, EOPNOTSUPP);
    CHECK_EQ(row(ready, "transparent network (IPv4)").state, "ok");
    CHECK_EQ(row(ready, "nftables").state, "weaker");
    CHECK_EQ(row(ready, "udp report").state, "weaker");
}

TEST_CASE("no network namespace, no scoped network") {
    wire::Ready ready{};
    std::ranges::fill(ready.net_err, EPERM);
    CHECK_EQ(row(ready, "scoped network").state, "weaker");
}
