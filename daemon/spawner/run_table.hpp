// The runs that live, by their numbers: started, controlled, watched, told of, ended. run_table.cpp has what the broker
// asks for, run_reports.cpp what a run's processes say and how it ends, run_ports.cpp what is asked of their ports,
// pin_table.cpp what holds approved files in place.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "spawner/acceptor.hpp"
#include "spawner/boxes.hpp"
#include "spawner/loop.hpp"
#include "spawner/pins.hpp"
#include "spawner/pool.hpp"
#include "spawner/resolutions.hpp"
#include "spawner/run_starts.hpp"
#include "spawner/runs.hpp"
#include "spawner/setup.hpp"

namespace owhale::spawner {

class RunTable {
public:
    RunTable(Loop& loop, const Options& options, const Surroundings& surroundings, Resolutions& resolutions,
             Acceptor& acceptor, Pool& pool)
        : loop_(loop), options_(options), surroundings_(surroundings), resolutions_(resolutions), acceptor_(acceptor),
          pool_(pool) {}

    Status on_run(Packet& packet);
    Status on_go(Packet& packet);
    Status on_signal(Packet& packet);
    Status on_kill(Packet& packet);
    Status on_freeze(Packet& packet);
    Status on_reset_box(Packet& packet);
    Status on_inner_sockets(Packet& packet);
    Status on_open_port(Packet& packet);

    Status setup_readable(std::uint64_t number);
    Status reported(std::uint64_t number);
    Status warden_ended(std::uint64_t number);
    Status pinning_ended(std::uint64_t id);

    // Of a live run; null when there is none.
    const Run* find(std::uint64_t number) const;
    // The run that a process of this machine belongs to, by the cgroup (wire: sock_diag's id, 0 unknown) that its socket
    // was made in; 0 none. Nothing when that cannot be told while a run has the host's network, or when the run has ended.
    std::optional<std::uint64_t> run_of_socket(std::uint64_t cgroup) const;

    // Limits, and what is left of ended runs.
    void tick();
    bool ticking() const { return !runs_.empty() || !pinnings_.empty() || !leftover_cgroups_.empty(); }
    Status expire();
    void end_all();

private:
    Status tell_box_ended(const std::string& key);
    struct Pinning { // a process that pins, or takes away (run 0)
        Fd process;
        std::uint64_t run = 0, cage = 0;
        std::vector<Pin> pins;
        std::int64_t deadline_ns = 0;
    };

    Result<std::unique_ptr<Run>> try_start(const wire::Run& message, const wire::Blob& blob);
    Result<std::unique_ptr<Run>> start(Admitted admitted, const wire::Run& message, const Run* above);
    Result<const Run*> find_join(const wire::Run& message, const Resolution& resolution) const;
    Result<const Run*> find_parent(const Resolution& resolution) const;
    void note_cgroups(const Run& run);
    void forget_cgroups(const Run& run);
    void end_children(const Run& run);
    bool went_with_parent(const Run& run) const;
    Status tell_network(Run& run) const;
    static bool is_complete(const Run& run);
    static bool take_network(Run& run, std::vector<Fd>& fds);
    Status tell_started(Run& run);
    Status tell_ended(Run& run);
    static void take_report(Run& run);
    static void reap(Run& run);
    void forget_ended(std::uint64_t number);
    void remove_cgroups_of(Run& run);
    bool is_entered(const Run& run) const;
    Status tell_failed(const wire::Run& message, const Error& error);
    Status tell_jail_failed(Run& run);
    int find_network(std::uint64_t number, Run*& cage) const;
    int may_publish(const wire::OpenPort& message, const Run& run) const;
    void watch_limits(Run& run);
    void watch_memory_and_pids(Run& run);
    std::vector<int> members_with_children(const Run& run) const;
    Status retire(Run& run);
    void note_agreed(Run& run, const JailPlan& cage);
    void hold_agreed_of_others(JailPlan& plan) const;
    Status go_on(Run& run);
    Status go_on_with_those_that_wait();
    Status start_pins(Run& run, Run& cage);
    Status watch_pinning(PinJob job, std::uint64_t run, std::uint64_t cage);
    Status take_away_free(Run& cage);
    Status release_pins(Run& run);
    Status pinned(const Pinning& pinning, int err);
    Status pinning_done(const Pinning& pinning, int err);
    void kill_late_pinnings();
    int user_namespace_of(const Run& run) const;

    Loop& loop_;
    const Options& options_;
    const Surroundings& surroundings_;
    Resolutions& resolutions_;
    Acceptor& acceptor_;
    Pool& pool_;
    Boxes boxes_;
    std::map<std::uint64_t, std::unique_ptr<Run>> runs_;
    std::map<std::uint64_t, std::unique_ptr<Run>> ended_; // told of; their wardens are about to end
    std::map<std::uint64_t, Pinning> pinnings_;
    std::uint64_t next_pinning_ = 1;
    std::vector<Cgroup> leftover_cgroups_;
    std::map<std::uint64_t, std::uint64_t> run_of_cgroup_; // of live runs
    std::deque<std::uint64_t> ended_cgroups_;              // whose sockets may have been passed on to somebody
};

} // namespace owhale::spawner
