// A run's ssh agent: it lists the requester's keys and signs with them, and nothing else. What is signed is read first; a login
// at a host that nobody agreed to is a question; each signature is an event.
//
// Clients have to bind their session to the host's key (OpenSSH 8.9 and later do). Where the host's server knows
// publickey-hostbound, the signature is good at that host alone. Elsewhere whoever holds the host's private key can pass it on
// to any host: that is a question of its own.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "egress/asking.hpp"
#include "egress/gate.hpp"
#include "egress/side.hpp"
#include "egress/ssh/known_hosts.hpp"

namespace owhale::audit {
class Log;
}

namespace owhale::egress::ssh {

struct AgentParts {
    boost::asio::any_io_executor io;
    std::shared_ptr<Gate> gate;
    Asking* asking = nullptr;          // null: an unknown host is refused
    audit::Log* audit = nullptr;       // null in tests alone
    std::shared_ptr<KnownHosts> known; // null: what people agree to holds for the run
    // The names that the run is connected to on port 22 now: one of them is the host, perhaps. May be empty.
    std::function<std::vector<std::string>()> ssh_names;
};

// Serves at the listener until stop(); takes the connection to the requester's agent from gate->run().ssh_agent. unsupported:
// there is none; internal.
Result<std::shared_ptr<Side>> serve_agent(AgentParts parts, Fd listener);

} // namespace owhale::egress::ssh
