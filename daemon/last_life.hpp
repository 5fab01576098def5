// How owhaled's last life ended, as its log tells it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>

#include "audit/log.hpp"

namespace owhale {

// daemon.crashed {started, last_seq, last_heard, runs}, to be written before anything else of this life; nothing when the
// last one ended in order, or when there was none.
boost::asio::awaitable<Result<std::optional<audit::Event>>> last_crash(audit::Log& log);

} // namespace owhale
