// All open HTTP connections: counts them per uid, run and address, keeps places for the owner, starts a session for each, ends them.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/fd.hpp"
#include "sandbox/plan.hpp"
#include "transport/exchange.hpp"
#include "transport/hosts.hpp"
#include "transport/inside.hpp"
#include "transport/limits.hpp"
#include "transport/rate_limit.hpp"
#include "transport/tickets.hpp"
#include "transport/tls.hpp"

namespace owhale::transport {

class Server {
public:
    struct Parts { // all of it outlives the server
        identity::Identity& identity;
        RateLimit& limit;
        Tls* tls = nullptr;                               // null: TCP is plain
        std::vector<config::Address> proxies;             // whose X-Forwarded-For is believed
        Hosts hosts;                                      // further names of this owhaled over TCP
        std::function<void(std::uint64_t)> closed;        // on the io thread: the number of a connection that ended
        std::function<std::string(std::uint64_t)> run_id; // of a live run, by its number on the wire
        Tickets* tickets = nullptr;                       // null: none are made
    };
    // Routes that do not fit the verb table are a defect of this program: they are logged and the process ends.
    Server(asio::any_io_executor executor, Limits limits, std::vector<Route> routes, Parts parts);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Takes over a connection that the spawner accepted. Over the limits, or while stopping, it gets a 503 at once.
    void serve(const wire::Accepted& accepted, Fd socket);
    // A request inside of one that is being served (inside.hpp).
    asio::awaitable<Response> ask(Inner inner, std::shared_ptr<Connection> connection, identity::Principal who);
    // Idle connections end now, busy ones with their answer; new ones are refused. Who follows the audit log stays until
    // the second is called.
    void stop();
    void stop_followers();
    std::size_t owed() const; // connections that wait for an answer, but for followers
    // Ends the connections on which `device` ("device:<id>") speaks, at once.
    void cut(const std::string& device);
    std::size_t connections() const;
    // From the next request on; a reloaded certificate may name others.
    void set_hosts(Hosts hosts);

private:
    struct State;
    std::shared_ptr<State> state_; // sessions that outlive the server still find it
};

} // namespace owhale::transport
