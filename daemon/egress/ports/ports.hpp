// A run's ports: those of its own that are published on the host, and those of the host's loopback that it may reach.
//
// Whoever can connect to a published port of the host can use it, other users of the machine too: loopback has no owners.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <vector>

#include "egress/egress.hpp"
#include "egress/gate.hpp"
#include "egress/open_streams.hpp"
#include "egress/side.hpp"

namespace owhale::egress {

inline constexpr std::size_t kMaxPublished = 16;  // of one run
inline constexpr std::size_t kMaxOfPort = 256;    // connections to one port at once; more wait
inline constexpr std::uint16_t kUsualPort = 7717; // of owhaled: also another one's than this

struct PortsParts {
    boost::asio::any_io_executor io;
    std::shared_ptr<Gate> gate;
    std::shared_ptr<OpenStreams> open; // where connections are cut when the run ends
    Spawned spawned;
    std::vector<config::Endpoint> own; // owhaled's own: no run reaches them
};

class Ports : public Side {
public:
    static std::shared_ptr<Ports> make(PortsParts parts);
    // Listens on the host and relays to the run's loopback, 127.0.0.1 and then ::1. Answers with the port that was chosen.
    // invalid_value, conflict (the same again), busy (16 already), port_in_use, forbidden (the address or the port), not_found.
    virtual boost::asio::awaitable<Result<api::Publish>> publish(api::Publish port) = 0;
    // Listeners of the run's loopback: what connects there reaches the host's port of the same number.
    virtual void reach(const wire::RunHostPort& port, std::vector<Fd> listeners) = 0;
    virtual std::vector<api::Publish> published() const = 0;
};

// Whether a run may be given this port of the host's loopback: host_denied for owhaled's own, invalid_value for 0.
Status check_host_port(std::uint16_t port, const std::vector<config::Endpoint>& own);

} // namespace owhale::egress
