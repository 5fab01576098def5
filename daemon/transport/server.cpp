#include "transport/server.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/log.hpp"
#include "transport/answer.hpp"
#include "transport/router.hpp"
#include "transport/session.hpp"

namespace owhale::transport {

struct Server::State {
    State(asio::any_io_executor on, Limits most, Router routes, Parts given)
        : executor(std::move(on)), limits(most), router(std::move(routes)), parts(std::move(given)) {}

    asio::any_io_executor executor;
    Limits limits;
    Router router;
    Parts parts;
    std::map<std::uint64_t, std::weak_ptr<Session>> sessions;
    std::map<uid_t, std::size_t> per_uid;
    bool stopping = false;

    void forget(std::uint64_t number, uid_t uid) {
        sessions.erase(number);
        if (const auto count = per_uid.find(uid); count != per_uid.end() && --count->second == 0) per_uid.erase(count);
        parts.closed(number);
    }

    const char* refusal(uid_t uid) const {
        if (stopping) return "owhaled is stopping";
        if (sessions.size() >= limits.max_connections) return "too many connections are open";
        const auto count = per_uid.find(uid);
        if (count != per_uid.end() && count->second >= limits.max_connections_per_uid)
            return "this user has too many connections open";
        return nullptr;
    }
};

namespace {

Router router_or_end(std::vector<Route> routes) {
    auto router = Router::make(std::move(routes));
    if (router) return std::move(*router);
    log::error("the routes do not fit the verb table", {{"error", router.error().message}});
    std::abort();
}

// Half of this process's descriptors are for connections, half of these for one user: a run needs some too, and a
// message of the spawner that finds no descriptor free is the end of all runs.
Limits within_descriptors(Limits limits) {
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur / 2 >= limits.max_connections) return limits;
    limits.max_connections = files.rlim_cur / 2;
    limits.max_connections_per_uid = std::min(limits.max_connections_per_uid, limits.max_connections / 2);
    log::warning(
        "fewer connections than the settings allow: the limit on open files is low",
        {{"open_files", std::to_string(files.rlim_cur)}, {"max_connections", std::to_string(limits.max_connections)}});
    return limits;
}

// One send without waiting: the answer fits any socket buffer, and nobody who is over a limit holds us up.
void refuse(const Fd& socket, const char* why) {
    const auto response =
        problem({Code::busy, why, "Close connections that you do not need, or try again later.", 0, {}});
    const auto text = head_of(response, false) + response.body;
    [[maybe_unused]] const auto sent = ::send(socket.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    ::shutdown(socket.get(), SHUT_RDWR);
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
    const auto uid = static_cast<uid_t>(accepted.uid);
    if (const char* why = state_->refusal(uid)) {
        log::warning("connection refused", {{"uid", std::to_string(uid)}, {"why", why}});
        refuse(socket, why);
        socket.reset();
        return state_->parts.closed(number);
    }
    auto connection = std::make_shared<Connection>();
    connection->number = number;
    connection->peer = peer_of(accepted, state_->parts.run_id);
    auto peer = Peer::make(state_->executor, std::move(socket));
    if (!peer) {
        log::error("a connection cannot be served", {{"error", to_line(peer.error())}});
        return state_->parts.closed(number);
    }
    const auto session =
        std::make_shared<Session>(std::move(*peer), state_->limits, state_->router, state_->parts.identity, connection,
                                  [state = state_, number, uid] { state->forget(number, uid); });
    ++state_->per_uid[uid];
    state_->sessions.emplace(number, session);
    session->start();
}

void Server::stop() {
    state_->stopping = true;
    const auto sessions = state_->sessions; // drain() may end a session, which then leaves the map
    for (const auto& [number, weak] : sessions)
        if (const auto session = weak.lock()) session->drain();
}

std::size_t Server::connections() const {
    return state_->sessions.size();
}

} // namespace owhale::transport
