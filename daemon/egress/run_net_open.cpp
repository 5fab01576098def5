// What the spawner made for a run, put to its use.
#include <array>
#include <cstring>

#include "base/log.hpp"
#include "egress/run_net.hpp"
#include "egress/ssh/agent.hpp"

namespace owhale::egress {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using wire::Piece;

struct Lost { // what a run does without when a piece is not there
    Piece piece;
    std::string_view what;
};
constexpr std::array kLost = {
    Lost{Piece::transparent4, "programs that know no proxy have no network over IPv4"},
    Lost{Piece::transparent6, "programs that know no proxy have no network over IPv6"},
    Lost{Piece::dns_tcp, "names are looked up over UDP alone"},
    Lost{Piece::udp, "refused datagrams are not listed"},
    Lost{Piece::udp6, "refused datagrams of IPv6 are not listed"},
};

bool has(const wire::RunNetwork& facts, Piece piece) {
    return (facts.have >> static_cast<unsigned>(piece) & 1) != 0;
}

} // namespace

void RunNet::open(const wire::RunNetwork& facts, std::vector<Fd> pieces,
                  std::vector<std::pair<wire::RunHostPort, std::vector<Fd>>> ports) {
    dns_ = std::make_shared<DnsFront>(gate_, has(facts, Piece::transparent6));
    std::size_t next = 0;
    for (std::size_t i = 0; i < wire::kPieces; ++i) {
        const auto piece = static_cast<Piece>(i);
        if (has(facts, piece) && next < pieces.size()) open_piece(piece, std::move(pieces[next++]), facts);
    }
    for (const auto& lost : kLost)
        if (const int why = facts.err[static_cast<std::size_t>(lost.piece)]; why != 0 && !has(facts, lost.piece))
            weaker_.push_back(std::string(lost.what) + " (" + ::strerror(why) + ")");
    for (auto& [port, listeners] : ports) ports_->reach(port, std::move(listeners));
}

void RunNet::open_piece(Piece piece, Fd socket, const wire::RunNetwork& facts) {
    const std::weak_ptr<RunNet> weak = weak_from_this();
    const auto by = [weak](awaitable<void> (RunNet::*serve)(Fd)) {
        return [weak, serve](Fd client) { return (*weak.lock().*serve)(std::move(client)); };
    };
    const bool by_tproxy = facts.by_tproxy != 0;
    switch (piece) {
    case Piece::proxy:
        return listen(std::move(socket), by(&RunNet::serve_proxy_client));
    case Piece::dns_tcp:
        return listen(std::move(socket), by(&RunNet::serve_dns_client));
    case Piece::dns_udp:
        return watch(std::move(socket), [dns = dns_](int fd) { return serve_dns_udp(*dns, fd), true; });
    case Piece::transparent4:
    case Piece::transparent6:
        return listen(std::move(socket), [weak, by_tproxy](Fd client) {
            return weak.lock()->serve_redirected_client(std::move(client), by_tproxy);
        });
    case Piece::udp:
    case Piece::udp6:
        return watch(std::move(socket), [weak](int fd) {
            const auto self = weak.lock();
            return !self || self->read_udp(fd);
        });
    case Piece::ssh_agent:
        return open_agent(std::move(socket));
    }
}

void RunNet::open_agent(Fd listener) {
    ssh::AgentParts parts{given_.parts.executor,  gate_, given_.parts.asking, given_.parts.audit,
                          given_.parts.ssh_hosts, {}};
    auto side = ssh::serve_agent(std::move(parts), std::move(listener));
    if (side)
        sides_.push_back(*std::move(side));
    else
        weaker_.push_back("there is no ssh agent: " + side.error().message);
}

} // namespace owhale::egress
