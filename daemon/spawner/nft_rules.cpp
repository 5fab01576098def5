#include "spawner/nft_rules.hpp"

#include <arpa/inet.h>
#include <array>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <optional>
#include <span>

#include "sandbox/plan.hpp"
#include "spawner/netlink.hpp"

namespace owhale::spawner {
namespace {

constexpr const char* kTable = "owhale";
constexpr const char* kChain = "scope";
constexpr std::uint32_t kMangle = static_cast<std::uint32_t>(-150), kDstNat = static_cast<std::uint32_t>(-100);
constexpr std::array<std::uint8_t, 4> kLoopback4 = {127, 0, 0, 1};
constexpr std::array<std::uint8_t, 16> kLoopback6 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
constexpr std::uint32_t kDestination4 = 16, kDestination6 = 24; // in the IP header
constexpr std::uint32_t kDestinationPort = 2;                   // in a TCP or UDP header

using Bytes = std::span<const std::uint8_t>;

class Rules {
public:
    Rules(int family, By by) : family_(family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6), by_(by) {}

    std::vector<std::uint8_t> build() {
        // nfnetlink.h: a batch names the subsystem in network order.
        batch_.begin(NFNL_MSG_BATCH_BEGIN, 0, nfgenmsg{AF_UNSPEC, NFNETLINK_V0, htons(NFNL_SUBSYS_NFTABLES)});
        message(NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL);
        batch_.text(NFTA_TABLE_NAME, kTable);
        add_chain();
        leave_loopback_alone();
        const bool four = family_ == NFPROTO_IPV4; // the DNS sockets are on 127.0.0.1
        if (four) divert(IPPROTO_TCP, wire::kDnsPort, wire::kDnsPort);
        if (four) divert(IPPROTO_UDP, wire::kDnsPort, wire::kDnsPort);
        divert(IPPROTO_TCP, std::nullopt, wire::kTransparentPort);
        divert(IPPROTO_UDP, std::nullopt, wire::kTransparentPort);
        batch_.begin(NFNL_MSG_BATCH_END, 0, nfgenmsg{AF_UNSPEC, NFNETLINK_V0, htons(NFNL_SUBSYS_NFTABLES)});
        return batch_.bytes();
    }

private:
    void message(int type, int flags) {
        batch_.begin(static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | type), static_cast<std::uint16_t>(flags),
                     nfgenmsg{family_, NFNETLINK_V0, 0});
    }

    void add_chain() {
        const bool tproxy = by_ == By::tproxy;
        message(NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL);
        batch_.text(NFTA_CHAIN_TABLE, kTable);
        batch_.text(NFTA_CHAIN_NAME, kChain);
        const auto hook = batch_.open(NFTA_CHAIN_HOOK);
        batch_.number(NFTA_HOOK_HOOKNUM, tproxy ? NF_INET_PRE_ROUTING : NF_INET_LOCAL_OUT);
        batch_.number(NFTA_HOOK_PRIORITY, tproxy ? kMangle : kDstNat);
        batch_.close(hook);
        batch_.text(NFTA_CHAIN_TYPE, tproxy ? "filter" : "nat");
    }

    template <typename Body> void rule(Body body) {
        message(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
        batch_.text(NFTA_RULE_TABLE, kTable);
        batch_.text(NFTA_RULE_CHAIN, kChain);
        const auto list = batch_.open(NFTA_RULE_EXPRESSIONS);
        body();
        batch_.close(list);
    }

    template <typename Body> void expression(const char* name, Body body) {
        const auto element = batch_.open(NFTA_LIST_ELEM);
        batch_.text(NFTA_EXPR_NAME, name);
        const auto data = batch_.open(NFTA_EXPR_DATA);
        body();
        batch_.close(data);
        batch_.close(element);
    }

    void value(std::uint16_t type, Bytes bytes) {
        const auto data = batch_.open(type);
        batch_.attribute(NFTA_DATA_VALUE, bytes.data(), bytes.size());
        batch_.close(data);
    }

    void equals(Bytes bytes) {
        expression("cmp", [&] {
            batch_.number(NFTA_CMP_SREG, NFT_REG_1);
            batch_.number(NFTA_CMP_OP, NFT_CMP_EQ);
            value(NFTA_CMP_DATA, bytes);
        });
    }

    void packet_equals(std::uint32_t base, std::uint32_t offset, Bytes bytes) {
        expression("payload", [&] {
            batch_.number(NFTA_PAYLOAD_DREG, NFT_REG_1);
            batch_.number(NFTA_PAYLOAD_BASE, base);
            batch_.number(NFTA_PAYLOAD_OFFSET, offset);
            batch_.number(NFTA_PAYLOAD_LEN, static_cast<std::uint32_t>(bytes.size()));
        });
        equals(bytes);
    }

    void load(std::uint32_t reg, Bytes bytes) {
        expression("immediate", [&] {
            batch_.number(NFTA_IMMEDIATE_DREG, reg);
            value(NFTA_IMMEDIATE_DATA, bytes);
        });
    }

    void accept() {
        expression("immediate", [&] {
            batch_.number(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
            const auto data = batch_.open(NFTA_IMMEDIATE_DATA);
            const auto verdict = batch_.open(NFTA_DATA_VERDICT);
            batch_.number(NFTA_VERDICT_CODE, NF_ACCEPT);
            batch_.close(verdict);
            batch_.close(data);
        });
    }

    void leave_loopback_alone() {
        rule([&] {
            if (family_ == NFPROTO_IPV4) // 127.0.0.0/8 is its first byte
                packet_equals(NFT_PAYLOAD_NETWORK_HEADER, kDestination4, Bytes(kLoopback4).first(1));
            else
                packet_equals(NFT_PAYLOAD_NETWORK_HEADER, kDestination6, kLoopback6);
            accept();
        });
    }

    void to_socket(std::uint16_t port) {
        const auto big = htons(port);
        load(NFT_REG_1, {reinterpret_cast<const std::uint8_t*>(&big), sizeof big});
        if (by_ == By::redirect)
            return expression("redir", [&] { batch_.number(NFTA_REDIR_REG_PROTO_MIN, NFT_REG_1); });
        load(NFT_REG_2, family_ == NFPROTO_IPV4 ? Bytes(kLoopback4) : Bytes(kLoopback6));
        expression("tproxy", [&] {
            batch_.number(NFTA_TPROXY_FAMILY, family_);
            batch_.number(NFTA_TPROXY_REG_ADDR, NFT_REG_2);
            batch_.number(NFTA_TPROXY_REG_PORT, NFT_REG_1);
        });
        accept();
    }

    void divert(std::uint8_t protocol, std::optional<std::uint16_t> port, std::uint16_t to) {
        rule([&] {
            expression("meta", [&] {
                batch_.number(NFTA_META_DREG, NFT_REG_1);
                batch_.number(NFTA_META_KEY, NFT_META_L4PROTO);
            });
            equals({&protocol, 1});
            if (port) {
                const auto big = htons(*port);
                packet_equals(NFT_PAYLOAD_TRANSPORT_HEADER, kDestinationPort,
                              {reinterpret_cast<const std::uint8_t*>(&big), sizeof big});
            }
            to_socket(to);
        });
    }

    std::uint8_t family_;
    By by_;
    NetlinkBatch batch_;
};

} // namespace

std::vector<std::uint8_t> nft_rules(int family, By by) {
    return Rules(family, by).build();
}

} // namespace owhale::spawner
