// The packet filter of a scoped run's network namespace, as messages for nf_tables (linux/netfilter/nf_tables.h, nft(8)).
//
// Every address is local on lo, so all that the run sends comes in again over lo. By `tproxy`, in prerouting: what goes to
// the run's own loopback is left alone, DNS goes to the DNS sockets, other TCP to the transparent listener, other UDP to the
// socket that reports it; the sockets keep the original destination as their own address, and no connection tracking is
// needed, whose table a run could fill. By `redirect`, where tproxy is missing: the same by address translation in output.
#pragma once

#include <cstdint>
#include <vector>

namespace owhale::spawner {

enum class By : std::uint8_t { tproxy, redirect };
inline constexpr std::size_t kMaxRuleMessages = 16; // of one family, with the batch's begin and end

// family: AF_INET or AF_INET6.
std::vector<std::uint8_t> nft_rules(int family, By by);

} // namespace owhale::spawner
