// One cgroup (v2) per run: its limits, its end, its accounts. Where the controllers are missing the folder still groups
// the run's processes; where there is no v2 hierarchy at all, everything here answers "none".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "shared/error.hpp"

namespace owhale::spawner {

struct CgroupUsage {
    std::uint64_t memory_peak = 0, pids_peak = 0;
    std::uint32_t oom_kills = 0, pids_refused = 0;
    std::optional<std::uint64_t> disk_read, disk_written;                 // bytes
    std::optional<std::uint64_t> cpu_stalled, memory_stalled, io_stalled; // microseconds
};

class Cgroup {
public:
    Cgroup() = default;
    static Result<Cgroup> create(const std::string& parent, const std::string& name);
    explicit operator bool() const { return static_cast<bool>(folder_); }
    int fd() const { return folder_.get(); }
    const std::string& path() const { return path_; }
    // 0 or errno; the controller must be there.
    int set(const char* file, const std::string& value) const;
    std::string read(const char* file) const;
    // What sock_diag tells of a socket that was made in it; 0 unknown.
    std::uint64_t id() const;
    void kill() const { (void)set("cgroup.kill", "1"); }
    CgroupUsage usage() const; // at its end: it reads eight files
    std::uint32_t oom_kills() const;
    std::uint32_t pids_refused() const; // forks
    // Its processes, and those of the cgroups below it.
    std::vector<int> members() const;
    // False while processes or their remains hold it.
    bool remove() const;

private:
    Fd folder_;
    std::string path_;
};

// Bit set of wire::Ready::cgroup_controllers that runs below `base` can be given; enables them there.
std::uint32_t enable_controllers(const std::string& base);

} // namespace owhale::spawner
