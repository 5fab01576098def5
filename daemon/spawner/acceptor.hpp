// The listeners and the connections that come by them: accepted, looked at, told to the broker, counted, let go.
//
// Each listener has places of its own, so that strangers on TCP, or runs, never take those of the Unix socket, the last
// of which are for whoever runs owhaled. A full one is not listened on until a connection of its ends; the others wait
// in the kernel's queue.
#pragma once

#include <map>
#include <optional>

#include "spawner/connections.hpp"
#include "spawner/loop.hpp"
#include "spawner/options.hpp"
#include "spawner/setup.hpp"

namespace owhale::spawner {

class RunTable;
struct Run;

class Acceptor {
public:
    Acceptor(Loop& loop, const Options& options, const Surroundings& surroundings);
    Status open();
    Status accept_local();
    Status accept_tcp(const RunTable& runs);
    Status accept_of_run(std::uint64_t run);
    // The peer hung up.
    Status hung_up(std::uint64_t number);
    Status on_close(Packet& packet);
    Status on_hold(Packet& packet);
    Status on_release(Packet& packet);
    // A run's own listener, and its end with all its connections.
    Status open_run(std::uint64_t run, Fd listener, Rights rights);
    Status close_run(std::uint64_t run);
    // Tries again what a lack of descriptors stopped, and ends what was held too long.
    Status tick();
    const Connections& connections() const { return connections_; }

private:
    struct Gate {
        int listener = -1;
        Source source = Source::listener;
        std::uint64_t id = 0;
        std::size_t most = 0;
        std::size_t open = 0;
        bool listening = false;
    };
    struct RunGate {
        Fd listener;
        Gate gate;
        Rights rights;
    };

    bool has_place(std::uint32_t uid) const;
    Result<Fd> accept(Gate& gate);
    Status admit(Gate& gate, Connection connection, wire::Accepted& message);
    Gate* gate_of(const Connection& connection);
    void pause(Gate& gate);
    Status resume(Gate& gate);
    Status resume();
    Status let_go(std::uint64_t number);

    Loop& loop_;
    const Options& options_;
    const Surroundings& surroundings_;
    Gate local_, tcp_;
    std::size_t most_of_runs_, open_of_runs_ = 0; // by the listeners of all runs together
    std::map<std::uint64_t, RunGate> of_runs_;
    Connections connections_;
};

} // namespace owhale::spawner
