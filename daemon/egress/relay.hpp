// Two streams joined: what one says the other hears, both ways, until both have ended.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>

#include "egress/gate.hpp"

namespace owhale::egress {

// `client` is the run's side: what it sends counts as up. Half-close is passed on; an error on one side ends both. Cut when
// the gate's budget is used up. A quiet connection holds no buffer.
boost::asio::awaitable<void> relay(std::shared_ptr<Stream> client, std::shared_ptr<Stream> server,
                                   std::shared_ptr<Gate> gate, Permit permit);

} // namespace owhale::egress
