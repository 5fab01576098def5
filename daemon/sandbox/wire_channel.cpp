#include "sandbox/wire_channel.hpp"

#include <boost/asio/redirect_error.hpp>
#include <sys/socket.h>

#include "base/log.hpp"
#include "sandbox/spawner_answers.hpp"

namespace owhale::sandbox {
namespace {

namespace asio = boost::asio;
using wire::Type;

constexpr std::size_t kMaxQueued = 65536; // packets; the spawner is stuck when it reads none of these

} // namespace

template <typename T> Status WireChannel::settle_first(std::deque<Pending<T>*>& waiting, Result<T> answer) {
    if (waiting.empty()) return fail(Code::spawner_unavailable, "an answer to no question");
    auto* const first = waiting.front();
    waiting.pop_front();
    if (first != nullptr) first->settle(std::move(answer));
    return {};
}

template <typename T> Status WireChannel::on_word_packet(Packet& packet, std::deque<Pending<T>*>& waiting) {
    return settle_first<T>(waiting, TRY(packet.as<T>()));
}

void WireChannel::send_bytes(std::string_view bytes, Fd blob) {
    if (lost_) return;
    if (queue_.size() >= kMaxQueued) return lose("the spawner reads nothing any more");
    queue_.emplace_back(std::string(bytes), std::move(blob));
    if (!waiting_writable_) flush();
}

void WireChannel::flush() {
    while (!queue_.empty()) {
        const auto& [bytes, blob] = queue_.front();
        if (const auto sent = send_packet(socket_.native_handle(), bytes, blob.get()); !sent) {
            if (sent.error().errnum == EAGAIN) return wait_writable();
            return lose(to_line(sent.error()));
        }
        queue_.pop_front();
    }
}

void WireChannel::wait_writable() {
    waiting_writable_ = true;
    socket_.async_wait(asio::posix::stream_descriptor::wait_write,
                       [this, alive = std::weak_ptr(alive_)](const boost::system::error_code& error) {
                           if (alive.expired()) return;
                           waiting_writable_ = false;
                           if (!error) flush();
                       });
}

void WireChannel::wait_readable() {
    socket_.async_wait(asio::posix::stream_descriptor::wait_read,
                       [this, alive = std::weak_ptr(alive_)](const boost::system::error_code& error) {
                           if (alive.expired() || error) return;
                           read_packets();
                           if (!lost_) wait_readable();
                       });
}

void WireChannel::read_packets() {
    // Bounded, so that a flood of accepts does not starve the runs' output.
    for (int i = 0; i < 64 && !lost_; ++i) {
        auto packet = receive_packet(socket_.native_handle());
        if (!packet && packet.error().errnum == EAGAIN) return;
        if (!packet) return lose(to_line(packet.error()));
        if (const auto done = dispatch(*packet); !done) return lose(to_line(done.error()));
    }
}

Status WireChannel::dispatch(Packet& packet) {
    const auto header = packet.header();
    if (header.size != packet.size) return fail(Code::spawner_unavailable, "a message whose size lies");
    if (!ready_ && header.type != Type::ready) return fail(Code::spawner_unavailable, "a message before `ready`");
    switch (header.type) {
    case Type::resolved:
        return on_resolved_packet(packet);
    case Type::run_started:
        return on_started_packet(packet);
    case Type::run_failed:
        return on_failed_packet(packet);
    case Type::reopened:
        return on_reopened_packet(packet);
    case Type::connection_held:
        return on_word_packet(packet, holding_);
    case Type::run_frozen:
        return on_word_packet(packet, freezing_);
    case Type::audit_head_kept:
        return on_word_packet(packet, keeping_);
    case Type::run_network:
        return on_network_packet(packet);
    case Type::run_host_port:
        return on_host_port_packet(packet);
    case Type::inner_sockets_made:
        return settle_first(entering_, TRY(read_inner_sockets(packet)));
    case Type::port_opened:
        return settle_first(opening_, TRY(read_opened_port(packet)));
    default:
        return tell(packet);
    }
}

Status WireChannel::on_resolved_packet(Packet& packet) {
    auto resolution = TRY(read_resolved(packet));
    const auto found = resolving_.find(resolution.number);
    if (found != resolving_.end())
        found->second->settle(std::move(resolution));
    else
        drop_resolution(resolution.number); // it came too late
    return {};
}

Status WireChannel::on_started_packet(Packet& packet) {
    Started started;
    started.facts = TRY(packet.as<wire::RunStarted>());
    if (packet.fds.empty() || packet.fds.size() > 3)
        return fail(Code::spawner_unavailable, "run_started: wrong number of descriptors");
    auto fds = packet.fds.begin();
    if (packet.fds.size() != 2) started.in = std::move(*fds++);
    if (packet.fds.size() != 1) {
        started.out = std::move(*fds++);
        started.err = std::move(*fds);
    }
    if (auto network = networks_.extract(started.facts.run); !network.empty())
        started.network = std::move(network.mapped());
    const auto found = starting_.find(started.facts.run);
    if (found != starting_.end())
        found->second->settle(std::move(started));
    else
        kill(started.facts.run, wire::EndReason::killed, 0); // nobody waits for it any more
    return {};
}

Status WireChannel::on_failed_packet(Packet& packet) {
    const auto failed = TRY(packet.as<wire::RunFailed>());
    networks_.erase(failed.run);
    if (const auto found = starting_.find(failed.run); found != starting_.end())
        found->second->settle(std::unexpected(jail_error(failed)));
    return {};
}

Status WireChannel::on_reopened_packet(Packet& packet) {
    auto reopened = TRY(read_reopened(packet));
    if (reopening_.empty()) return {};
    auto* const first = reopening_.front();
    reopening_.pop_front();
    if (first != nullptr) first->settle(std::move(reopened));
    return {};
}

// Whoever waits gets them with run_started; of a run that nobody waits for they are closed.
Status WireChannel::on_network_packet(Packet& packet) {
    auto pieces = TRY(read_run_network(packet));
    const auto run = pieces.facts.run;
    if (starting_.contains(run)) networks_.insert_or_assign(run, std::move(pieces));
    return {};
}

Status WireChannel::on_host_port_packet(Packet& packet) {
    auto port = TRY(read_host_port(packet));
    const auto at = networks_.find(port.first.run);
    if (at != networks_.end() && at->second.host_ports.size() < wire::kMaxHostPorts)
        at->second.host_ports.push_back(std::move(port));
    return {};
}

// Messages that answer nothing.
Status WireChannel::tell(Packet& packet) {
    switch (packet.header().type) {
    case Type::ready: {
        const auto ready = TRY(packet.as<wire::Ready>());
        if (ready_ || ready.version != wire::kVersion)
            return fail(Code::spawner_unavailable, "the spawner is of another version");
        ready_ = true;
        if (on_ready) on_ready(ready);
        return {};
    }
    case Type::accepted: {
        const auto accepted = TRY(packet.as<wire::Accepted>());
        if (packet.fds.size() != 1) return fail(Code::spawner_unavailable, "accepted: wrong number of descriptors");
        if (on_accepted) on_accepted(accepted, std::move(packet.fds[0]));
        return {};
    }
    case Type::connection_gone: {
        const auto gone = TRY(packet.as<wire::ConnectionGone>());
        if (on_connection_gone) on_connection_gone(gone.connection);
        return {};
    }
    case Type::run_ended: {
        const auto run_ended = TRY(packet.as<wire::RunEnded>());
        if (on_run_ended) on_run_ended(run_ended);
        return {};
    }
    case Type::box_ended: {
        const auto box_ended = TRY(packet.as<wire::BoxEnded>());
        if (on_box_ended) on_box_ended(text_of(box_ended.box_key));
        return {};
    }
    default:
        return fail(Code::spawner_unavailable, "a message of an unknown type");
    }
}

void WireChannel::lose(std::string why) {
    if (std::exchange(lost_, true)) return;
    log::error("the spawner is lost", {{"why", why}});
    const auto gone = [] { return fail(Code::spawner_unavailable, "the spawner is gone", "try again in a moment"); };
    for (auto& [number, pending] : std::exchange(resolving_, {})) pending->settle(gone());
    for (auto& [number, pending] : std::exchange(starting_, {})) pending->settle(gone());
    const auto settle_all = [&](auto& waiting) {
        for (auto* pending : std::exchange(waiting, {}))
            if (pending != nullptr) pending->settle(gone());
    };
    settle_all(reopening_);
    settle_all(holding_);
    settle_all(freezing_);
    settle_all(entering_);
    settle_all(opening_);
    settle_all(keeping_);
    networks_.clear();
    queue_.clear();
    if (on_lost) on_lost();
}

std::unique_ptr<SpawnerChannel> SpawnerChannel::make(asio::any_io_executor executor, Fd socket) {
    return std::make_unique<WireChannel>(std::move(executor), std::move(socket));
}

} // namespace owhale::sandbox
