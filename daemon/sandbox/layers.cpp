#include "sandbox/layers.hpp"

#include <array>

namespace owhale::sandbox {
namespace {

constexpr std::array kLayers = {
    LayerRow{wire::kLayerUserns, "user namespaces", "user, pid, mount, network, ipc, uts and cgroup namespaces",
             "no cage can be built",
             "sysctl user.max_user_namespaces and, on Ubuntu, kernel.apparmor_restrict_unprivileged_userns=0; in "
             "Docker: --security-opt seccomp=unconfined --cap-add SYS_ADMIN"},
    LayerRow{wire::kLayerLandlock, "Landlock", "writes are held to the workspace by a second layer",
             "what a run may write is held by mounts alone",
             "a kernel with CONFIG_SECURITY_LANDLOCK and lsm=landlock,… on its command line"},
    LayerRow{wire::kLayerSeccomp, "seccomp", "system calls are filtered", "every system call reaches the kernel",
             "a kernel with CONFIG_SECCOMP_FILTER"},
    LayerRow{
        wire::kLayerCgroup, "cgroup v2", "a run is ended as one by cgroup.kill",
        "a run's processes are found by their descent from its warden; TCP from this machine is refused while a run "
        "has the host's network",
        "mount cgroup2 at /sys/fs/cgroup; in Docker: --cgroupns=private and a writable cgroup"},
    LayerRow{wire::kLayerCgroupLimits, "cgroup memory and pids", "memory and process limits are the kernel's",
             "memory is sampled and processes are limited by an rlimit",
             "boot with cgroup v2 only (systemd.unified_cgroup_hierarchy=1), or run owhaled under systemd with "
             "Delegate=yes"},
    LayerRow{wire::kLayerIdmap, "idmapped mounts", "root's runs have a uid of their own",
             "root callers are refused unless they name a user (--as)",
             "Linux 5.12 or newer and a file system that supports them (ext4, xfs, btrfs, tmpfs since 6.3)"},
    LayerRow{wire::kLayerGroups, "supplementary groups", "root-like groups are dropped",
             "supplementary groups cannot be dropped: a run has all of yours", "run owhaled as root"},
    LayerRow{wire::kLayerOtherUid, "another uid", "owhaled's state and socket belong to another uid",
             "owhaled runs as you: anything of yours outside a cage can change its state and its records",
             "run owhaled as root (see README, root mode)"},
};

} // namespace

std::span<const LayerRow> layers() {
    return kLayers;
}

std::vector<std::string> weaker(const wire::Ready& ready) {
    std::vector<std::string> out;
    for (const auto& row : kLayers)
        if ((ready.missing & row.layer) != 0) out.push_back(std::string(row.name) + ": " + std::string(row.lost));
    return out;
}

} // namespace owhale::sandbox
