#include <cstring>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <span>
#include <sys/socket.h>

#include "base/fd.hpp"
#include "checks.hpp"
#include "spawner/netlink.hpp"
#include "spawner/nft_rules.hpp"

using namespace owhale;
using namespace owhale::spawner;

namespace {

struct Seen {
    std::vector<nlmsghdr> headers;
    bool whole = true; // every length leads to the next message, the last to the end
};

Seen messages_of(std::span<const std::uint8_t> batch) {
    Seen seen;
    while (batch.size() >= sizeof(nlmsghdr)) {
        nlmsghdr header{};
        std::memcpy(&header, batch.data(), sizeof header);
        if (header.nlmsg_len < sizeof header || header.nlmsg_len > batch.size() || header.nlmsg_len % 4 != 0) break;
        seen.headers.push_back(header);
        batch = batch.subspan(header.nlmsg_len);
    }
    seen.whole = batch.empty();
    return seen;
}

} // namespace

TEST_CASE("a message grows by its attributes, each padded to four bytes") {
    NetlinkBatch batch;
    batch.begin(7, NLM_F_CREATE, std::uint32_t{5});
    batch.text(1, "lo"); // 3 bytes with its NUL, and one of padding
    const auto nest = batch.open(2);
    batch.number(3, 0x01020304);
    batch.close(nest);
    batch.begin(8, 0, std::uint16_t{1});
    const auto seen = messages_of(batch.bytes());
    CHECK(seen.whole);
    REQUIRE_EQ(seen.headers.size(), 2);
    CHECK_EQ(seen.headers[0].nlmsg_len, 16 + 4 + 8 + 4 + 8);
    CHECK_EQ(seen.headers[0].nlmsg_flags, NLM_F_REQUEST | NLM_F_CREATE);
    CHECK_EQ(seen.headers[1].nlmsg_len, 16 + 4);
    CHECK_EQ(seen.headers[1].nlmsg_seq, 1);
    const auto& bytes = batch.bytes();
    CHECK_EQ(bytes[16 + 4], 7); // nla_len counts no padding
    CHECK_EQ(bytes[16 + 4 + 8], 12);
    CHECK_EQ(bytes[16 + 4 + 8 + 4 + 4], 1); // big endian
}

TEST_CASE("rules are one batch, and their errors fit the room for them") {
    for (const int family : {AF_INET, AF_INET6})
        for (const auto by : {By::tproxy, By::redirect}) {
            const auto rules = nft_rules(family, by);
            const auto seen = messages_of(rules);
            CHECK(seen.whole);
            REQUIRE_LE(seen.headers.size(), kMaxRuleMessages);
            REQUIRE_GE(seen.headers.size(), 7);
            CHECK_EQ(seen.headers.front().nlmsg_type, NFNL_MSG_BATCH_BEGIN);
            CHECK_EQ(seen.headers.back().nlmsg_type, NFNL_MSG_BATCH_END);
            for (std::size_t i = 0; i < seen.headers.size(); ++i) CHECK_EQ(seen.headers[i].nlmsg_seq, i);
        }
}

TEST_CASE("what the kernel does not take is told by its place in the batch") {
    const Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    REQUIRE(socket);
    NetlinkBatch batch;
    batch.begin(0x3ff, 0, std::uint32_t{0}); // no such message
    int errors[2] = {-1, -1};
    CHECK_EQ(send_netlink(socket.get(), batch.bytes(), errors, 2), 0);
    CHECK_NE(errors[0], 0);
    CHECK_EQ(errors[1], 0);
}
