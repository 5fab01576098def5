// SOCKS5 (RFC 1928) as the run's proxy speaks it: no authentication, CONNECT alone.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "base/host_name.hpp"
#include "egress/input.hpp"

namespace owhale::egress {

enum class SocksReply : std::uint8_t {
    ok = 0,
    failure = 1,
    not_allowed = 2,
    host_unreachable = 4,
    command = 7, // BIND, UDP ASSOCIATE
    address_type = 8,
};

// Greets and reads the request. unsupported: answered already (another command, a method that is not offered); bad_request.
boost::asio::awaitable<Result<HostPort>> read_socks(Input& input);
// The bytes of a reply, bound to no address that would say anything.
std::string socks_reply(SocksReply reply);
SocksReply socks_reply_to(const Error& error);

} // namespace owhale::egress
