// The whole disks behind folders, as cgroup v2's io.max wants them (Documentation/admin-guide/cgroup-v2.rst, "IO Interface
// Files"): "MAJOR:MINOR", never a partition, which the kernel refuses with ENODEV.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/error.hpp"

namespace owhale::spawner {

struct Mounted { // one line of /proc/self/mountinfo
    unsigned major = 0, minor = 0;
    std::string point, type, source;
};
std::vector<Mounted> read_mountinfo(std::string_view text);

// Of all that is mounted over these folders, and below them: each once, sorted. Looked up in the kernel's table and not on the
// folders, whose filesystems may be anybody's and hang. What lies in memory has none; unsupported when one cannot be told,
// with its folder.
Result<std::vector<std::string>> disks_behind(const std::vector<std::string>& folders,
                                              const std::vector<Mounted>& mounts);

} // namespace owhale::spawner
