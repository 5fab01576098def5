// The network of one run while it lives: its fronts, its gate, and whatever else serves it.
#pragma once

#include <memory>
#include <vector>

#include "egress/dns_front.hpp"
#include "egress/egress.hpp"
#include "egress/ports/ports.hpp"
#include "egress/run_gate.hpp"
#include "egress/tunnel.hpp"
#include "egress/watching.hpp"

namespace owhale::egress {

struct Crowd { // connections of all runs together: descriptors are the process's
    std::size_t now = 0, most = 0;
};

class RunNet : public std::enable_shared_from_this<RunNet> {
public:
    struct Given {
        Parts parts;
        std::shared_ptr<const sandbox::NetRun> run;
        std::shared_ptr<Resolver> resolver;
        std::shared_ptr<Crowd> crowd;
        std::shared_ptr<RunCa> ca; // null: TLS is passed through
        std::function<void(std::string)> on_line;
    };
    explicit RunNet(Given given);

    void open(const wire::RunNetwork& facts, std::vector<Fd> pieces,
              std::vector<std::pair<wire::RunHostPort, std::vector<Fd>>> ports);
    boost::asio::awaitable<Result<api::Publish>> publish(api::Publish port);
    api::NetReport report() const;
    void close();

    const std::shared_ptr<RunGate>& gate() const { return gate_; }

private:
    using Serve = std::function<boost::asio::awaitable<void>(Fd client)>;

    void open_piece(wire::Piece piece, Fd socket, const wire::RunNetwork& facts);
    void watch(Fd socket, Watching::Readable readable);
    void listen(Fd listener, Serve serve);
    bool accept_some(int listener, const Serve& serve);
    bool has_room();
    void spawn(boost::asio::awaitable<void> work);
    boost::asio::awaitable<void> serve_proxy_client(Fd client);
    boost::asio::awaitable<void> serve_dns_client(Fd client);
    boost::asio::awaitable<void> serve_redirected_client(Fd client, bool by_tproxy);
    bool read_udp(int socket);
    void note_udp(const boost::asio::ip::address& address, std::uint16_t port);
    void open_agent(Fd listener);
    TunnelParts tunnel_parts() const { return {given_.parts.executor, gate_, given_.ca}; }
    Result<std::unique_ptr<Stream>> stream_of(Fd client) const;

    Given given_;
    std::shared_ptr<RunGate> gate_;
    std::shared_ptr<DnsFront> dns_;
    std::vector<std::shared_ptr<Watching>> watched_;
    std::shared_ptr<Ports> ports_;
    std::vector<std::shared_ptr<Side>> sides_; // stopped at the end
    std::vector<std::string> weaker_;
    std::size_t clients_ = 0;
    bool closed_ = false;
};

} // namespace owhale::egress
