// The spawner's loop: one thread, one epoll, a table of requests.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "spawner/boxes.hpp"
#include "spawner/channel.hpp"
#include "spawner/connections.hpp"
#include "spawner/resolve.hpp"
#include "spawner/runs.hpp"
#include "spawner/setup.hpp"

namespace owhale::spawner {

class Server {
public:
    Server(const Options& options, Surroundings surroundings);
    // Returns when the broker is gone; an error when it broke the protocol. All runs are ended first.
    Status serve();

private:
    enum class Source : std::uint64_t { channel, listener, connection, resolve, setup, warden };

    Status handle_packet(Packet& packet);
    Status on_resolve(Packet& packet);
    Status on_run(Packet& packet);
    Status on_signal(Packet& packet);
    Status on_kill(Packet& packet);
    Status on_close_connection(Packet& packet);
    Status on_drop_resolution(Packet& packet);
    Status on_reset_box(Packet& packet);

    Status dispatch(std::uint64_t tag, std::uint32_t events);
    Status accept_all();
    Status pause_listening();
    Status connection_gone(std::uint64_t number);
    Status resolve_answered(std::uint64_t number);
    Status refuse_resolve(const wire::Resolve& message, const char* step, int err);
    Status send_answer(Answer& answer);
    Status setup_readable(std::uint64_t number);
    Status warden_ended(std::uint64_t number);
    Status tell_started(Run& run);
    Status tell_ended(Run& run);
    Status tell_failed(const wire::Run& message, const Error& error);
    Result<std::unique_ptr<Run>> try_start(const wire::Run& message, const wire::Blob& blob);
    Result<Run*> find_join(const wire::Run& message, const Resolution& resolution);
    Result<Identity> identity_for(Question& question);

    Status tick();
    void watch_limits(Run& run);
    void retire(Run& run);
    Status watch(int fd, Source source, std::uint64_t id, std::uint32_t events);
    template <typename T> Status send(const T& message, std::span<const int> fds = {}) {
        return send_packet(options_.channel, &message, sizeof message, fds);
    }
    int next_timeout_ms() const;
    void end_everything();

    const Options& options_;
    Surroundings surroundings_;
    Fd epoll_;
    Connections connections_;
    std::map<std::uint64_t, Child> resolving_;
    struct Ending { // a resolve's child that was killed: to be reaped when the kernel lets it go
        Fd pidfd;
        std::uint32_t uid;
    };
    std::vector<Ending> ending_;
    std::map<std::uint64_t, Resolution> resolutions_;
    std::map<std::uint64_t, std::unique_ptr<Run>> runs_;
    std::vector<Cgroup> leftover_cgroups_;
    Boxes boxes_;
    std::int64_t next_tick_ns_ = 0, next_expiry_ns_ = 0;
    bool listening_ = true;
};

} // namespace owhale::spawner
