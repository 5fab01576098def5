// Connects a socket that somebody else made: one of a run's network namespace, or one of the host's.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "base/fd.hpp"
#include "shared/error.hpp"

namespace owhale::egress {

// A non-blocking TCP socket of the host. internal, busy.
Result<Fd> host_socket(bool v6);
// `socket` is non-blocking and of the address' family. unreachable: refused, or no answer in 10 s.
boost::asio::awaitable<Result<Fd>> connected(boost::asio::any_io_executor io, Fd socket,
                                             boost::asio::ip::tcp::endpoint to);

} // namespace owhale::egress
