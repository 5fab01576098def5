// A request that a handler makes in the name of who asked it: the same router, limits, permissions, proofs and handlers as
// for one that came by itself. There is no other way from inside to a verb.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "transport/exchange.hpp"

namespace owhale::transport {

class Gate;

struct Inner {
    std::string method, target;                                // "GET", "/v1/runs?limit=1"
    std::string body;                                          // JSON; "" none
    std::map<std::string, std::string, std::less<>> headers{}; // lower-case names
};

// What stands for the connection of an outer request: the same peer and number, but an `open` and an `on_close` of its own,
// so that one call can be given up while the connection goes on. It has no window of stepped-up rights.
std::shared_ptr<Connection> stand_in_for(const Connection& connection);

// Who asks is looked at again, as of now. Streams and WebSockets are not to be had inside.
asio::awaitable<Response> ask_inside(Gate& gate, Inner inner, std::shared_ptr<Connection> connection,
                                     identity::Principal who);

using AskInside = std::function<asio::awaitable<Response>(Inner inner, std::shared_ptr<Connection> connection,
                                                          identity::Principal who)>;

} // namespace owhale::transport
