// The runs that live, by their numbers: started, controlled, watched, told of, ended. run_table.cpp has what the broker
// asks for, run_reports.cpp what a run's processes say and how it ends.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "spawner/boxes.hpp"
#include "spawner/loop.hpp"
#include "spawner/resolutions.hpp"
#include "spawner/runs.hpp"
#include "spawner/setup.hpp"

namespace owhale::spawner {

class RunTable {
public:
    RunTable(Loop& loop, const Options& options, const Surroundings& surroundings, Resolutions& resolutions)
        : loop_(loop), options_(options), surroundings_(surroundings), resolutions_(resolutions) {}

    Status on_run(Packet& packet);
    Status on_signal(Packet& packet);
    Status on_kill(Packet& packet);
    Status on_reset_box(Packet& packet);

    Status setup_readable(std::uint64_t number);
    Status warden_ended(std::uint64_t number);

    // Limits, and what is left of ended runs.
    void tick();
    bool ticking() const { return !runs_.empty() || !leftover_cgroups_.empty(); }
    Status expire();
    void end_all();

private:
    Result<std::unique_ptr<Run>> try_start(const wire::Run& message, const wire::Blob& blob);
    Result<Run*> find_join(const wire::Run& message, const Resolution& resolution);
    Status tell_started(Run& run);
    Status tell_ended(Run& run);
    Status tell_failed(const wire::Run& message, const Error& error);
    Status tell_jail_failed(Run& run);
    void watch_limits(Run& run);
    void watch_memory_and_pids(Run& run);
    void retire(Run& run);

    Loop& loop_;
    const Options& options_;
    const Surroundings& surroundings_;
    Resolutions& resolutions_;
    Boxes boxes_;
    std::map<std::uint64_t, std::unique_ptr<Run>> runs_;
    std::vector<Cgroup> leftover_cgroups_;
};

} // namespace owhale::spawner
