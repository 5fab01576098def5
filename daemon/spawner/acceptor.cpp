#include "spawner/acceptor.hpp"

#include <array>

namespace owhale::spawner {
namespace {

constexpr std::size_t kMaxConnections = 4096;

} // namespace

Status Acceptor::open() {
    return resume();
}

// Until a connection ends, the others wait in the kernel's queue.
Status Acceptor::pause() {
    loop_.unwatch(listener_);
    listening_ = false;
    return {};
}

Status Acceptor::resume() {
    if (listening_) return {};
    listening_ = true;
    return loop_.watch(listener_, Source::listener, 0, EPOLLIN);
}

Status Acceptor::accept_one() {
    if (connections_.size() >= kMaxConnections) return pause();
    const auto number = connections_.accept(listener_);
    if (!number && (number.error().errnum == EMFILE || number.error().errnum == ENFILE)) return pause();
    if (!number) return {}; // it hung up before we looked: the next one may do
    const auto* connection = connections_.find(*number);
    CHECK(loop_.watch(connection->socket.get(), Source::connection, *number, EPOLLRDHUP));
    auto message = make<wire::Accepted>(wire::Type::accepted);
    message.connection = *number;
    message.kind = wire::PeerKind::local;
    message.uid = connection->identity.uid;
    message.gid = connection->identity.gid;
    message.pid = connection->pid;
    const std::array<int, 1> fds{connection->socket.get()};
    return loop_.send(message, fds);
}

Status Acceptor::hung_up(std::uint64_t number) {
    if (connections_.find(number) == nullptr) return {};
    connections_.close(number);
    CHECK(resume());
    auto message = make<wire::ConnectionGone>(wire::Type::connection_gone);
    message.connection = number;
    return loop_.send(message);
}

Status Acceptor::on_close(Packet& packet) {
    connections_.close(TRY(packet.as<wire::CloseConnection>(0)).connection);
    return resume();
}

} // namespace owhale::spawner
