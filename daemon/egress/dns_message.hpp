// DNS messages (RFC 1035, RFC 6891) as a run's resolver sends and reads them: one question, strictly. Pure.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace owhale::egress {

enum class DnsCode : std::uint8_t { ok = 0, malformed = 1, failed = 2, no_name = 3, unknown_opcode = 4, refused = 5 };
inline constexpr std::uint16_t kDnsA = 1, kDnsPtr = 12, kDnsAaaa = 28;

struct DnsQuery {
    std::uint16_t id = 0, flags = 0;
    std::uint16_t type = 0;
    std::string name;      // lower case, labels joined by dots, no trailing dot; "" the root. Any byte but NUL and dots
    std::string question;  // as it came: sent back, in the client's own case
    bool extended = false; // has an OPT record
};

struct DnsRead {
    std::optional<DnsQuery> query;
    std::string refusal; // what to answer when there is none; "" nothing: it was no query
};
// At most 512 bytes are a query.
DnsRead read_dns_query(std::string_view bytes);

struct DnsAnswer {
    DnsCode code = DnsCode::ok;
    std::optional<boost::asio::ip::address> address; // of A and AAAA
    std::string pointer;                             // of PTR, a name
};
std::string write_dns_answer(const DnsQuery& query, const DnsAnswer& answer);
// The address that a name below in-addr.arpa or ip6.arpa asks about (RFC 1035 section 3.5, RFC 3596 section 2.5).
std::optional<boost::asio::ip::address> reverse_of(std::string_view name);

} // namespace owhale::egress
