// The run's name server: names become addresses that stand for them, and no query leaves the machine: a name is looked up when
// it is connected to, so nothing can be told to the world by asking for names.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <memory>

#include "egress/dns_message.hpp"
#include "egress/run_gate.hpp"

namespace owhale::egress {

class DnsFront {
public:
    static constexpr std::size_t kMostPerSecond = 1000; // queries of a run; further ones get no answer

    // `six`: whether connections to IPv6 addresses of the run come back to owhaled.
    DnsFront(std::shared_ptr<RunGate> gate, bool six) : gate_(std::move(gate)), six_(six) {}
    // "" when there is nothing to say.
    std::string answer(std::string_view query);

private:
    DnsAnswer judge(const DnsQuery& query);
    DnsAnswer reverse(const DnsQuery& query) const;
    bool affordable();

    std::shared_ptr<RunGate> gate_;
    bool six_;
    std::int64_t second_ = 0;
    std::size_t in_second_ = 0;
};

// The queries that wait at a UDP socket, some of them at once.
void serve_dns_udp(DnsFront& front, int socket);
// A connection (RFC 7766): queries with their length in front, one after another.
boost::asio::awaitable<void> serve_dns_tcp(boost::asio::any_io_executor executor, std::shared_ptr<DnsFront> front,
                                           std::unique_ptr<Stream> client);

} // namespace owhale::egress
