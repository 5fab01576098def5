// The cage's tree: built on a private tmpfs, anchored on descriptors, entered by pivot_root. Past the clone: no
// allocation; each function answers 0 or errno and, on failure, leaves the path in `detail`.
#pragma once

#include <string>
#include <vector>

#include "spawner/detail.hpp"
#include "spawner/jail_plan.hpp"

namespace owhale::spawner {

// Where a system folder stands and what it is; read once at the start, in order.
struct SystemEntry {
    std::string path; // "/usr"
    std::string link; // not empty: a symlink with this text
};
// The folders every cage shows read-only, as this machine has them.
std::vector<SystemEntry> read_system_entries();
void set_system_entries(std::vector<SystemEntry> entries);

int make_root(int& root, Detail& detail);
int mount_system(int root, const JailPlan& plan, Detail& detail);
int mount_devices(int root, const JailPlan& plan, Detail& detail);
int mount_proc(int root, Detail& detail);
int mount_view(int root, const JailPlan& plan, Detail& detail);
// Binds a target onto itself (wire::kMountPin).
int mount_pin(int root, const MountOp& op);
int enter_root(int root, Detail& detail);
// After it, and after all that is put into the root.
int seal_root(Detail& detail);
// After enter_root: the folder of wire::kDaemonSocket, which mount_view made for a plan with a listener, becomes
// read-only.
int close_daemon_folder();

} // namespace owhale::spawner
