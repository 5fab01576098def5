// SpawnerChannel over its socket: wire_channel.cpp sends packets and takes those that come, wire_requests.cpp asks and waits.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <map>
#include <optional>

#include "sandbox/packet.hpp"
#include "sandbox/spawner_channel.hpp"

namespace owhale::sandbox {

// One request that waits for its answer.
template <typename T> struct Pending {
    explicit Pending(const boost::asio::any_io_executor& executor) : timer(executor) {}
    boost::asio::steady_timer timer;
    std::optional<Result<T>> answer;
    void settle(Result<T> value) {
        answer = std::move(value);
        timer.cancel();
    }
};

class WireChannel final : public SpawnerChannel {
public:
    WireChannel(boost::asio::any_io_executor executor, Fd socket)
        : executor_(executor), socket_(executor, socket.release()) {
        wait_readable();
    }

    boost::asio::awaitable<Result<Resolution>> resolve(wire::Resolve request, wire::Blob strings) override;
    boost::asio::awaitable<Result<Started>> run(wire::Run request, wire::Blob strings) override;
    void go(std::uint64_t run) override { send(wire::GoRun{{wire::Type::go_run, sizeof(wire::GoRun)}, run}); }
    void drop_resolution(std::uint64_t resolution) override {
        send(wire::DropResolution{{wire::Type::drop_resolution, sizeof(wire::DropResolution)}, resolution});
    }
    void signal(std::uint64_t run, int signal) override {
        send(wire::SignalRun{{wire::Type::signal_run, sizeof(wire::SignalRun)}, run, signal});
    }
    void kill(std::uint64_t run, wire::EndReason reason, std::uint32_t grace_ms) override {
        send(wire::KillRun{{wire::Type::kill_run, sizeof(wire::KillRun)}, run, reason, grace_ms});
    }
    void close_connection(std::uint64_t connection) override {
        send(wire::CloseConnection{{wire::Type::close_connection, sizeof(wire::CloseConnection)}, connection});
    }
    boost::asio::awaitable<Status> hold(std::uint64_t connection) override;
    void release(std::uint64_t connection) override {
        send(wire::ReleaseConnection{{wire::Type::release_connection, sizeof(wire::ReleaseConnection)}, connection});
    }
    boost::asio::awaitable<Result<wire::FrozenBy>> freeze(std::uint64_t run, bool still) override;
    boost::asio::awaitable<Result<Reopened>> reopen() override;
    boost::asio::awaitable<Result<std::vector<Fd>>> inner_sockets(std::uint64_t run, int family,
                                                                  std::size_t count) override;
    boost::asio::awaitable<Result<OpenedPort>> open_port(std::uint64_t run, std::array<std::uint8_t, 16> address,
                                                         std::uint16_t port) override;
    boost::asio::awaitable<Result<int>> keep_head(wire::AuditHead head) override;
    void reset_box(std::string_view key, std::uint32_t uid) override;

private:
    template <typename T> void send(const T& message, Fd blob = {}) {
        T clean = message;
        send_bytes({reinterpret_cast<const char*>(&clean), sizeof clean}, std::move(blob));
    }
    void send_bytes(std::string_view bytes, Fd blob);
    void flush();
    void wait_readable();
    void wait_writable();
    void read_packets();
    Status dispatch(Packet& packet);
    Status on_resolved_packet(Packet& packet);
    Status on_started_packet(Packet& packet);
    Status on_failed_packet(Packet& packet);
    Status on_reopened_packet(Packet& packet);
    Status on_network_packet(Packet& packet);
    Status on_host_port_packet(Packet& packet);
    template <typename T> Status on_word_packet(Packet& packet, std::deque<Pending<T>*>& waiting);
    template <typename T> Status settle_first(std::deque<Pending<T>*>& waiting, Result<T> answer);
    template <typename T>
    boost::asio::awaitable<Result<T>> await_word(std::deque<Pending<T>*>& waiting, Pending<T>& pending);
    Status tell(Packet& packet);
    void lose(std::string why);

    boost::asio::any_io_executor executor_;
    boost::asio::posix::stream_descriptor socket_;
    std::map<std::uint64_t, Pending<Resolution>*> resolving_;
    std::map<std::uint64_t, Pending<Started>*> starting_;
    std::map<std::uint64_t, RunPieces> networks_; // of runs that are starting
    // Answered in their order; null: nobody waits any more.
    std::deque<Pending<Reopened>*> reopening_;
    std::deque<Pending<wire::ConnectionHeld>*> holding_;
    std::deque<Pending<wire::RunFrozen>*> freezing_;
    std::deque<Pending<std::vector<Fd>>*> entering_;
    std::deque<Pending<OpenedPort>*> opening_;
    std::deque<Pending<wire::AuditHeadKept>*> keeping_;
    std::deque<std::pair<std::string, Fd>> queue_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    bool waiting_writable_ = false;
    bool lost_ = false;
    bool ready_ = false;
};

} // namespace owhale::sandbox
