#include "transport/server.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "metrics/counts.hpp"
#include "metrics/scrape.hpp"
#include "transport/answer.hpp"
#include "transport/peer_key.hpp"
#include "transport/router.hpp"
#include "transport/session.hpp"

namespace owhale::transport {

struct Server::State {
    State(asio::any_io_executor on, const Limits& most, Router routes, Parts given)
        : executor(std::move(on)), router(std::move(routes)), parts(std::move(given)),
          gate(router, parts.identity, parts.limit, parts.proxies),
          house{most, gate, parts.limit, parts.hosts, parts.tls} {}

    asio::any_io_executor executor;
    Router router;
    Parts parts;
    Gate gate;
    House house;
    struct Open {
        std::weak_ptr<Session> session;
        PeerKey key;
        std::string_view listener; // "unix", "tcp", "run"
        std::vector<PeerKey> payers;
        bool counted = true; // false: it gave way to another, and is about to end
    };
    std::map<std::uint64_t, Open> sessions; // by number, which is the order in which they came
    std::map<PeerKey, std::size_t> per_payer;
    std::size_t tcp = 0, counted = 0;
    bool stopping = false;
    std::int64_t complained_ns = 0;
    std::uint64_t unsaid = 0;
    metrics::Shown shown = metrics::on_scrape([this](metrics::Exposition& out) { show(out); });

    void show(metrics::Exposition& out) const {
        out.begin("owhaled_connections");
        for (const std::string_view listener : {"unix", "tcp", "run"})
            out.add({listener}, static_cast<std::uint64_t>(std::ranges::count_if(
                                    sessions, [&](const auto& one) { return one.second.listener == listener; })));
    }

    // A proxy on this machine is known by its address: it speaks for others.
    PeerKey key_of_socket(const identity::Peer& peer) const {
        const bool proxy = peer.kind == identity::Peer::Kind::tcp && peer.run == 0 &&
                           std::ranges::find(parts.proxies, peer.address) != parts.proxies.end();
        return proxy ? key_of(peer.address) : key_of(peer);
    }

    void remember(std::uint64_t number, Open open) {
        for (const auto& payer : open.payers) ++per_payer[payer];
        tcp += is_tcp(open.key) ? 1 : 0;
        ++counted;
        sessions.emplace(number, std::move(open));
    }

    void forget(std::uint64_t number) {
        const auto at = sessions.find(number);
        if (at == sessions.end()) return;
        uncount(at->second);
        sessions.erase(at);
        parts.closed(number);
    }

    void uncount(Open& open) {
        if (!std::exchange(open.counted, false)) return;
        for (const auto& payer : open.payers)
            if (const auto count = per_payer.find(payer); --count->second == 0) per_payer.erase(count);
        tcp -= is_tcp(open.key) ? 1 : 0;
        --counted;
    }

    // Runs have a quarter of all places, those of one uid half of that, or what one run may have.
    std::size_t most_of_runs() const { return std::max<std::size_t>(house.limits.max_connections / 4, 1); }

    // A trusted proxy speaks for many.
    std::size_t most_of(const PeerKey& key) const {
        const auto& limits = house.limits;
        const bool proxy =
            std::ranges::any_of(parts.proxies, [&](const auto& address) { return key_of(address) == key; });
        switch (key.kind) {
        case PeerKey::Kind::uid:
            return limits.max_connections_per_uid;
        case PeerKey::Kind::run:
            return limits.max_connections_per_run;
        case PeerKey::Kind::runs_of:
            return std::max(most_of_runs() / 2, std::min(most_of_runs(), limits.max_connections_per_run));
        case PeerKey::Kind::runs:
            return most_of_runs();
        case PeerKey::Kind::address:
        case PeerKey::Kind::here:
            break;
        }
        return proxy ? limits.max_tcp_connections : limits.max_connections_per_address;
    }

    // Few places in all keep few: an eighth at most.
    std::size_t most_for(const identity::Peer& peer) const {
        const auto& limits = house.limits;
        const bool owner = peer.kind == identity::Peer::Kind::local && peer.run == 0 && peer.uid == limits.owner;
        return limits.max_connections - (owner ? 0 : std::min(limits.kept_for_owner, limits.max_connections / 8));
    }

    std::size_t of(const PeerKey& key) const {
        const auto count = per_payer.find(key);
        return count == per_payer.end() ? 0 : count->second;
    }

    // Slow strangers give way: of the TCP connections that match and have nothing under way, the one that has waited
    // longest ends, and the newcomer has its place. So holding connections open keeps nobody out.
    bool make_room(const std::function<bool(const PeerKey&)>& match) {
        for (auto& [number, open] : sessions) {
            const auto session = match(open.key) ? open.session.lock() : nullptr;
            if (!session || !session->is_expendable()) continue;
            session->end();
            uncount(open); // at once: its place is the newcomer's, and nobody else need give way for it
            return true;
        }
        return false;
    }

    // Whoever floods us shall not fill the log as well: a line a second at most, with how many there were.
    void complain(const identity::Peer& peer, const char* why) {
        if (!stopping) parts.identity.refused("connection.refused", peer, why);
        const auto now = monotonic_ns();
        if (now - complained_ns < 1'000'000'000) {
            ++unsaid;
            return;
        }
        complained_ns = now;
        log::warning("connection refused",
                     {{"peer", peer.describe()}, {"why", why}, {"others", std::to_string(std::exchange(unsaid, 0))}});
    }

    static const char* too_many_of(const PeerKey& key) {
        switch (key.kind) {
        case PeerKey::Kind::uid:
        case PeerKey::Kind::here:
            return "this user has too many connections open";
        case PeerKey::Kind::run:
            return "this run has too many connections open";
        case PeerKey::Kind::runs_of:
            return "this user's runs have too many connections open";
        case PeerKey::Kind::runs:
            return "runs have too many connections open";
        case PeerKey::Kind::address:
            break;
        }
        return "this address has too many connections open";
    }

    const char* refusal(const identity::Peer& peer, const PeerKey& key, const std::vector<PeerKey>& payers) {
        if (stopping) return "owhaled is stopping";
        const auto same = [&](const PeerKey& one) { return one == key; };
        for (const auto& payer : payers)
            if (of(payer) >= most_of(payer) && !(is_tcp(key) && make_room(same))) return too_many_of(payer);
        const bool full = counted >= most_for(peer) || (is_tcp(key) && tcp >= house.limits.max_tcp_connections);
        return full && !make_room(is_tcp) ? "too many connections are open" : nullptr;
    }
};

namespace {

Router router_or_end(std::vector<Route> routes) {
    auto router = Router::make(std::move(routes));
    if (router) return std::move(*router);
    log::error("the routes do not fit the verb table", {{"error", router.error().message}});
    std::abort();
}

// What owhaled holds open for itself: databases with their logs, the index, sockets, pipes. It is 25 to 30.
constexpr std::size_t kOwnDescriptors = 32;

// Half of this process's other descriptors are for connections, half of these for one user: a run needs some too, and a
// message of the spawner that finds no descriptor free is the end of all runs.
Limits within_descriptors(Limits limits) {
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return limits;
    const auto most = files.rlim_cur < kOwnDescriptors + 4 ? 2 : (files.rlim_cur - kOwnDescriptors) / 2;
    if (most >= limits.max_connections) return limits;
    limits.max_connections = most;
    limits.max_connections_per_uid = std::min(limits.max_connections_per_uid, limits.max_connections / 2);
    limits.max_tcp_connections = std::min(limits.max_tcp_connections, limits.max_connections / 2);
    log::warning(
        "fewer connections than the settings allow: the limit on open files is low",
        {{"open_files", std::to_string(files.rlim_cur)}, {"max_connections", std::to_string(limits.max_connections)}});
    return limits;
}

std::string_view listener_of(const identity::Peer& peer) {
    if (peer.run != 0) return "run";
    return peer.kind == identity::Peer::Kind::tcp ? "tcp" : "unix";
}

// One send without waiting: the answer fits any socket buffer, and nobody who is over a limit holds us up.
// A client that waits for TLS gets the end alone: it would not understand.
void refuse(const Fd& socket, const Error& why, bool tls) {
    if (tls) return;
    const auto response = problem(why);
    const auto text = head_of(response, false) + response.body;
    [[maybe_unused]] const auto sent = ::send(socket.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    ::shutdown(socket.get(), SHUT_RDWR);
}

// This end of a TCP connection; all 0, which is nobody's name, when the kernel does not say.
config::Address address_of(const Fd& socket) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    config::Address address{};
    if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&storage), &size) != 0) return address;
    if (storage.ss_family == AF_INET6) {
        const auto& six = reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr;
        std::copy(std::begin(six.s6_addr), std::end(six.s6_addr), address.begin());
    } else if (storage.ss_family == AF_INET) {
        address[10] = address[11] = 0xff;
        std::memcpy(address.data() + 12, &reinterpret_cast<const sockaddr_in&>(storage).sin_addr, 4);
    }
    return address;
}

identity::Peer peer_of(const wire::Accepted& accepted, const std::function<std::string(std::uint64_t)>& run_id) {
    identity::Peer peer;
    peer.kind = accepted.kind == wire::PeerKind::tcp ? identity::Peer::Kind::tcp : identity::Peer::Kind::local;
    peer.connection = accepted.connection;
    peer.uid = static_cast<uid_t>(accepted.uid);
    peer.gid = static_cast<gid_t>(accepted.gid);
    const auto groups = std::min<std::size_t>(accepted.group_count, std::size(accepted.groups));
    peer.groups.assign(accepted.groups, accepted.groups + groups);
    peer.pid = accepted.pid;
    peer.program.assign(accepted.program, ::strnlen(accepted.program, sizeof accepted.program));
    peer.run = accepted.run;
    if (peer.run != 0) peer.run_id = run_id(peer.run);
    std::copy(std::begin(accepted.address), std::end(accepted.address), peer.address.begin());
    peer.port = accepted.port;
    peer.loopback = accepted.on_this_machine != 0;
    return peer;
}

} // namespace

Server::Server(asio::any_io_executor executor, Limits limits, std::vector<Route> routes, Parts parts)
    : state_(std::make_shared<State>(std::move(executor), within_descriptors(limits), router_or_end(std::move(routes)),
                                     std::move(parts))) {}

Server::~Server() = default;

void Server::serve(const wire::Accepted& accepted, Fd socket) {
    const auto number = accepted.connection;
    auto connection = std::make_shared<Connection>();
    connection->number = number;
    connection->peer = peer_of(accepted, state_->parts.run_id);
    const auto key = state_->key_of_socket(connection->peer);
    auto payers = payers_of(connection->peer, key);
    if (const char* why = state_->refusal(connection->peer, key, payers)) {
        metrics::counts().limited.add("connections");
        state_->complain(connection->peer, why);
        const Error full{Code::busy, why, "Close connections that you do not need, or try again later.", 0, {}};
        refuse(socket, state_->stopping ? stopping() : full,
               connection->peer.kind == identity::Peer::Kind::tcp && state_->parts.tls != nullptr);
        socket.reset();
        return state_->parts.closed(number);
    }
    if (connection->peer.kind == identity::Peer::Kind::tcp) {
        connection->socket_address = connection->peer.address;
        connection->own_address = address_of(socket);
    }
    auto peer = Peer::make(state_->executor, std::move(socket));
    if (!peer) {
        log::error("a connection cannot be served", {{"error", to_line(peer.error())}});
        return state_->parts.closed(number);
    }
    const auto session = std::make_shared<Session>(std::move(*peer), state_->house, connection,
                                                   [state = state_, number] { state->forget(number); });
    const auto listener = listener_of(connection->peer);
    metrics::counts().accepted.add(listener);
    state_->remember(number, {session, key, listener, std::move(payers)});
    session->start();
}

asio::awaitable<Response> Server::ask(Inner inner, std::shared_ptr<Connection> connection, identity::Principal who) {
    return ask_inside(state_->gate, std::move(inner), std::move(connection), std::move(who));
}

void Server::stop() {
    state_->stopping = true;
    const auto sessions = state_->sessions; // drain() may end a session, which then leaves the map
    for (const auto& [number, open] : sessions)
        if (const auto session = open.session.lock()) session->drain();
}

void Server::stop_followers() {
    const auto sessions = state_->sessions;
    for (const auto& [number, open] : sessions)
        if (const auto session = open.session.lock()) session->drain_last();
}

std::size_t Server::owed() const {
    return static_cast<std::size_t>(std::ranges::count_if(state_->sessions, [](const auto& one) {
        const auto session = one.second.session.lock();
        return session && !session->follows();
    }));
}

void Server::set_hosts(Hosts hosts) {
    state_->house.hosts = std::move(hosts);
}

std::size_t Server::connections() const {
    return state_->sessions.size();
}

} // namespace owhale::transport
