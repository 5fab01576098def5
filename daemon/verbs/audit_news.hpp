// Waiting for what comes to the audit log, by who asked for it with ?wait=.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>

#include "audit/feed.hpp"
#include "transport/exchange.hpp"

namespace owhale::verbs {

// Until the log has events after `seen` or has come to owhaled's end, `until` has come, or the client has gone. Events that come close together are
// one piece of news.
boost::asio::awaitable<void> wait_for_news(audit::Feed& feed, std::uint64_t seen,
                                           std::chrono::steady_clock::time_point until,
                                           std::shared_ptr<transport::Connection> connection);

} // namespace owhale::verbs
