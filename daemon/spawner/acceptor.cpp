#include "spawner/acceptor.hpp"

#include <algorithm>
#include <array>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "spawner/rights.hpp"
#include "spawner/run_table.hpp"
#include "spawner/socket_table.hpp"

namespace owhale::spawner {
namespace {

constexpr std::size_t kMaxLocal = 4096, kMaxTcp = 2048, kMaxOfRuns = 1024;
constexpr std::size_t kKeptForOwner = 64; // of the local ones; of few places an eighth

// A share of our descriptors: the rest is for runs.
std::size_t share_of_descriptors(std::size_t most, std::size_t part) {
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return most;
    return std::clamp<std::size_t>(files.rlim_cur / part, 1, most);
}

// Answers go out at once; a peer that vanished without a word is noticed within three minutes.
void tune(int socket) {
    const auto set = [socket](int level, int name, int value) {
        (void)::setsockopt(socket, level, name, &value, sizeof value);
    };
    set(IPPROTO_TCP, TCP_NODELAY, 1);
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE, 60);
    set(IPPROTO_TCP, TCP_KEEPINTVL, 30);
    set(IPPROTO_TCP, TCP_KEEPCNT, 4);
}

void fill_local(wire::Accepted& message, const LocalPeer& peer) {
    message.kind = wire::PeerKind::local;
    message.uid = peer.uid;
    message.gid = peer.gid;
    message.pid = peer.pid;
    copy_text(message.program, sizeof message.program, peer.program);
    const auto count = std::min(peer.groups.size(), std::size(message.groups));
    message.group_count = static_cast<std::uint32_t>(count);
    std::copy_n(peer.groups.begin(), count, message.groups);
}

void fill_tcp(wire::Accepted& message, const TcpPeer& peer) {
    message.kind = wire::PeerKind::tcp;
    message.uid = peer.uid;
    message.gid = static_cast<std::uint32_t>(-1);
    std::copy(peer.address.begin(), peer.address.end(), message.address);
    message.port = peer.port;
    message.on_this_machine = peer.where == TcpPeer::Where::here ? 1 : 0;
}

// The run a TCP peer is of, 0 none; nothing for a peer of which it cannot be told: it is refused.
std::optional<std::uint64_t> run_of(const TcpPeer& peer, const RunTable& runs) {
    if (peer.where == TcpPeer::Where::remote) return 0;
    if (peer.where == TcpPeer::Where::unaccounted) return std::nullopt;
    return runs.run_of_socket(peer.cgroup);
}

} // namespace

Acceptor::Acceptor(Loop& loop, const Options& options, const Surroundings& surroundings)
    : loop_(loop), options_(options), surroundings_(surroundings),
      local_{options.listener, Source::listener, 0, share_of_descriptors(kMaxLocal, 2)},
      tcp_{options.tcp_listener, Source::tcp_listener, 0, share_of_descriptors(kMaxTcp, 8)},
      most_of_runs_(share_of_descriptors(kMaxOfRuns, 8)) {}

Status Acceptor::open() {
    CHECK(resume(local_));
    return tcp_.listener >= 0 ? resume(tcp_) : Status{};
}

void Acceptor::pause(Gate& gate) {
    if (gate.listening) loop_.unwatch(gate.listener);
    gate.listening = false;
}

Status Acceptor::resume(Gate& gate) {
    if (gate.listening || gate.listener < 0 || gate.open >= gate.most) return {};
    gate.listening = true;
    return loop_.watch(gate.listener, gate.source, gate.id, EPOLLIN);
}

Status Acceptor::resume() {
    CHECK(resume(local_));
    CHECK(resume(tcp_));
    for (auto& [run, entry] : of_runs_) CHECK(resume(entry.gate));
    return {};
}

// An empty descriptor: it hung up before we looked, or there is no place; the next one may do.
Result<Fd> Acceptor::accept(Gate& gate) {
    if (gate.open >= gate.most) {
        pause(gate);
        return Fd();
    }
    Fd socket(::accept4(gate.listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket && (errno == EMFILE || errno == ENFILE)) pause(gate);
    return socket;
}

Status Acceptor::admit(Gate& gate, Connection connection, wire::Accepted& message) {
    const int socket = connection.socket.get();
    message.run = connection.run;
    const auto number = connections_.add(std::move(connection));
    ++gate.open;
    if (connections_.find(number)->door == Door::run) ++open_of_runs_;
    message.connection = number;
    CHECK(loop_.watch(socket, Source::connection, number, EPOLLRDHUP));
    const std::array<int, 1> fds{socket};
    return loop_.send(message, fds);
}

// The last places are root's, rootless the owner's: no crowd of others keeps out who could end it.
bool Acceptor::has_place(std::uint32_t uid) const {
    const auto owner = options_.rootless ? ::getuid() : 0;
    return uid == owner || local_.open < local_.most - std::min(kKeptForOwner, local_.most / 8);
}

Status Acceptor::accept_local() {
    Connection connection;
    connection.socket = TRY(accept(local_));
    if (!connection.socket) return {};
    const auto peer = local_peer(connection.socket.get());
    if (!peer || !has_place(peer->uid)) return {}; // closed at once
    auto message = make<wire::Accepted>(wire::Type::accepted);
    fill_local(message, *peer);
    connection.rights = rights_of(make_identity(peer->uid, peer->gid, peer->groups), options_);
    return admit(local_, std::move(connection), message);
}

Status Acceptor::accept_tcp(const RunTable& runs) {
    Connection connection;
    connection.door = Door::tcp;
    connection.socket = TRY(accept(tcp_));
    if (!connection.socket || !surroundings_.sockets) return {};
    const auto peer = surroundings_.sockets->find_peer(connection.socket.get());
    const auto run = peer ? run_of(*peer, runs) : std::nullopt;
    if (!run) return {}; // closed at once
    tune(connection.socket.get());
    auto message = make<wire::Accepted>(wire::Type::accepted);
    fill_tcp(message, *peer);
    connection.run = *run;
    if (const auto* its = runs.find(*run)) {
        connection.rights = its->rights;
        connection.may_run = its->may_run();
    }
    return admit(tcp_, std::move(connection), message);
}

// Whoever else came to this listener (a descriptor that was passed out of the cage) is not the run.
Status Acceptor::accept_of_run(std::uint64_t run) {
    const auto at = of_runs_.find(run);
    if (at == of_runs_.end()) return {};
    Connection connection;
    connection.door = Door::run;
    connection.run = run;
    connection.may_run = true;
    connection.rights = at->second.rights;
    connection.socket = TRY(accept(at->second.gate));
    if (!connection.socket) return {};
    const auto peer = local_peer(connection.socket.get());
    if (!peer || peer->uid != connection.rights.run_uid || open_of_runs_ >= most_of_runs_) return {};
    auto message = make<wire::Accepted>(wire::Type::accepted);
    fill_local(message, *peer);
    return admit(at->second.gate, std::move(connection), message);
}

Acceptor::Gate* Acceptor::gate_of(const Connection& connection) {
    if (connection.door == Door::unix_socket) return &local_;
    if (connection.door == Door::tcp) return &tcp_;
    const auto at = of_runs_.find(connection.run);
    return at == of_runs_.end() ? nullptr : &at->second.gate;
}

// What one listener had no descriptor for, another's end may have freed: all are asked.
Status Acceptor::let_go(std::uint64_t number) {
    const auto* connection = connections_.find(number);
    if (connection == nullptr || !connection->socket) return {};
    if (auto* gate = gate_of(*connection)) --gate->open;
    if (connection->door == Door::run) --open_of_runs_;
    connections_.close(number);
    return resume();
}

Status Acceptor::hung_up(std::uint64_t number) {
    const auto* connection = connections_.find(number);
    if (connection == nullptr || !connection->socket) return {};
    CHECK(let_go(number));
    auto message = make<wire::ConnectionGone>(wire::Type::connection_gone);
    message.connection = number;
    return loop_.send(message);
}

Status Acceptor::on_close(Packet& packet) {
    return let_go(TRY(packet.as<wire::CloseConnection>(0)).connection);
}

Status Acceptor::on_hold(Packet& packet) {
    auto held = make<wire::ConnectionHeld>(wire::Type::connection_held);
    held.connection = TRY(packet.as<wire::HoldConnection>(0)).connection;
    held.err = connections_.hold(held.connection, monotonic_ns());
    return loop_.send(held);
}

Status Acceptor::on_release(Packet& packet) {
    connections_.release(TRY(packet.as<wire::ReleaseConnection>(0)).connection);
    return {};
}

Status Acceptor::tick() {
    connections_.expire(monotonic_ns());
    return resume();
}

Status Acceptor::open_run(std::uint64_t run, Fd listener, Rights rights) {
    auto& entry = of_runs_[run];
    entry.gate = {listener.get(), Source::run_listener, run, wire::kRunConnections};
    entry.listener = std::move(listener);
    entry.rights = std::move(rights);
    return resume(entry.gate);
}

Status Acceptor::close_run(std::uint64_t run) {
    for (const auto number : connections_.of_run(run)) CHECK(hung_up(number));
    connections_.end_holds_of(run); // what it asked for ends with it
    of_runs_.erase(run);
    return {};
}

} // namespace owhale::spawner
