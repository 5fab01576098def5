#include "egress/dns_front.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/clock.hpp"
#include "egress/http/http.hpp"
#include "egress/input.hpp"

namespace owhale::egress {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

constexpr int kAtOnce = 64;                    // datagrams before others have their turn
constexpr std::chrono::seconds kQueryTime{10}; // of a TCP connection, for all of its queries
constexpr std::size_t kMostOfConnection = 128;

// "api.example.com.owhale.internal" is known where api.example.com is.
std::string_view meant(std::string_view name) {
    return name.ends_with(kEndpointSuffix) ? name.substr(0, name.size() - kEndpointSuffix.size()) : name;
}

bool is_local(std::string_view name) { // RFC 6761 section 6.3
    return name == "localhost" || name.ends_with(".localhost");
}

DnsAnswer loopback(std::uint16_t type) {
    if (type == kDnsA) return {DnsCode::ok, asio::ip::address_v4::loopback(), {}};
    if (type == kDnsAaaa) return {DnsCode::ok, asio::ip::address_v6::loopback(), {}};
    return {};
}

// Queries to any address come here (plan.hpp, Piece::dns_udp), and who asked 192.0.2.53 hears that address alone.
void answer_as_asked(msghdr& message) {
    for (auto* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != IPPROTO_IP || part->cmsg_type != IP_PKTINFO) continue;
        in_pktinfo info{};
        std::memcpy(&info, CMSG_DATA(part), sizeof info);
        info.ipi_ifindex = 0;
        info.ipi_spec_dst = info.ipi_addr;
        std::memcpy(CMSG_DATA(part), &info, sizeof info);
    }
    message.msg_flags = 0;
}

} // namespace

bool DnsFront::affordable() {
    const auto second = monotonic_ns() / 1'000'000'000;
    if (second != second_) in_second_ = 0;
    second_ = second;
    return ++in_second_ <= kMostPerSecond;
}

DnsAnswer DnsFront::reverse(const DnsQuery& query) const {
    const auto address = reverse_of(query.name);
    const auto* name = address ? gate_->names().name_of(*address) : nullptr;
    if (name == nullptr) return {DnsCode::no_name, {}, {}};
    return {DnsCode::ok, {}, query.type == kDnsPtr ? *name : std::string()};
}

DnsAnswer DnsFront::judge(const DnsQuery& query) {
    if (is_local(query.name)) return loopback(query.type);
    if (query.name.ends_with(".arpa")) return reverse(query);
    const auto name = std::string(meant(query.name));
    if (!is_host_name(query.name) || !is_host_name(name)) return {DnsCode::no_name, {}, {}};
    if (!gate_->may_know(name)) {
        const auto next = "owhalectl hosts allow " + name + ", or run with --allow-host " + name;
        gate_->refuse({name, 0, "dns", {}, {}}, "unknown-host", "no rule allows it", next);
        return {DnsCode::no_name, {}, {}};
    }
    // Any other type is answered empty: nothing is asked of anybody.
    if (query.type != kDnsA && query.type != kDnsAaaa) return {};
    if (query.type == kDnsAaaa && !six_) return {};
    const auto given = gate_->names().addresses_of(query.name);
    if (!given) return {DnsCode::failed, {}, {}};
    if (query.type == kDnsA) return {DnsCode::ok, given->v4, {}};
    return {DnsCode::ok, given->v6, {}};
}

std::string DnsFront::answer(std::string_view bytes) {
    if (!affordable()) return {};
    const auto read = read_dns_query(bytes);
    return read.query ? write_dns_answer(*read.query, judge(*read.query)) : read.refusal;
}

void serve_dns_udp(DnsFront& front, int socket) {
    std::array<char, 1024> buffer;
    for (int i = 0; i < kAtOnce; ++i) {
        sockaddr_storage from{};
        alignas(cmsghdr) std::array<char, 128> control;
        iovec part{buffer.data(), buffer.size()};
        msghdr message{&from, sizeof from, &part, 1, control.data(), control.size(), 0};
        const auto got = ::recvmsg(socket, &message, MSG_DONTWAIT);
        if (got < 0) return;
        auto answer = front.answer({buffer.data(), static_cast<std::size_t>(got)});
        if (answer.empty()) continue;
        answer_as_asked(message);
        part = {answer.data(), answer.size()};
        (void)::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
}

awaitable<void> serve_dns_tcp(asio::any_io_executor executor, std::shared_ptr<DnsFront> front,
                              std::unique_ptr<Stream> client) {
    Input input(std::move(executor), std::move(client), kQueryTime);
    for (std::size_t count = 0; count < kMostOfConnection;) {
        const auto& bytes = input.bytes();
        const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); };
        const std::size_t length = bytes.size() < 2 ? 0 : static_cast<std::size_t>(byte(0) << 8 | byte(1));
        if (bytes.size() < 2 || bytes.size() < 2 + length) {
            const auto got = co_await input.more(1024);
            if (!got || *got == 0) co_return;
            continue;
        }
        const auto answer = front->answer(std::string_view(bytes).substr(2, length));
        input.drop(2 + length);
        ++count;
        if (answer.empty()) co_return;
        const std::string framed =
            std::string{static_cast<char>(answer.size() >> 8), static_cast<char>(answer.size())} + answer;
        const auto put = co_await input.stream().write(asio::buffer(framed));
        if (!put) co_return;
    }
}

} // namespace owhale::egress
