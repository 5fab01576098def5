// The whole disks behind folders, as cgroup v2's io.max wants them (Documentation/admin-guide/cgroup-v2.rst, "IO Interface
// Files"): "MAJOR:MINOR", never a partition, which the kernel refuses with ENODEV.
#pragma once

#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace owhale::spawner {

// The block device that a filesystem of the number `device` is mounted from, where stat() tells an anonymous number (btrfs):
// looked for in `mountinfo`, the text of /proc/self/mountinfo. 0 when it is on none (tmpfs, overlay, a network).
dev_t mounted_from(dev_t device, std::string_view mountinfo);

// Each once, sorted. What is on no block device adds none; a descriptor of -1 is passed over.
std::vector<std::string> disks_behind(const std::vector<int>& folders);

} // namespace owhale::spawner
