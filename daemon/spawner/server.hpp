// The spawner's loop: one thread, one epoll, a table of requests. What they do is in acceptor, resolutions and run_table.
#pragma once

#include "spawner/acceptor.hpp"
#include "spawner/heads.hpp"
#include "spawner/resolutions.hpp"
#include "spawner/run_table.hpp"

namespace owhale::spawner {

class Server {
public:
    Server(const Options& options, Surroundings surroundings, Heads heads);
    // Returns when the broker is gone; an error when it broke the protocol. All runs are ended first.
    Status serve();

private:
    Status send_ready();
    Status handle_packet(Packet& packet);
    Status on_reopen(Packet& packet);
    Status on_audit_head(Packet& packet);
    Status dispatch(const Loop::Event& event);
    Status turn();
    Status tick();
    int next_timeout_ms() const;

    const Options& options_;
    const Surroundings surroundings_;
    Heads heads_;
    Loop loop_;
    Acceptor acceptor_;
    Resolutions resolutions_;
    Pool pool_;
    RunTable runs_;
    std::int64_t next_tick_ns_ = 0, next_expiry_ns_ = 0;
};

} // namespace owhale::spawner
