#include "spawner/pins.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spawner/credentials.hpp"
#include "spawner/mounts.hpp"
#include "spawner/places.hpp"
#include "spawner/processes.hpp"

namespace owhale::spawner {
namespace {

int keep_two(int one, int other) {
    const auto low = static_cast<unsigned>(std::min(one, other)), high = static_cast<unsigned>(std::max(one, other));
    if (low > 0) ::close_range(0, low - 1, 0);
    if (high > low + 1) ::close_range(low + 1, high - 1, 0);
    return ::close_range(high + 1, ~0u, 0) == 0 ? 0 : errno;
}

int take_away(int root, const std::string& path) {
    const auto slash = path.rfind('/');
    Fd folder;
    if (const int err = open_place(root, path.substr(0, slash).c_str(), false, false, folder); err != 0) return err;
    if (::fchdir(folder.get()) != 0) return errno;
    return ::umount2(path.c_str() + slash + 1, MNT_DETACH | UMOUNT_NOFOLLOW) == 0 ? 0 : errno;
}

// Innermost first: the folders above hold their names until the last.
int take_away_all(int root, const std::vector<Pin>& pins, std::size_t count) {
    int first = 0;
    while (count-- > 0)
        if (const int err = take_away(root, pins[count].path); first == 0) first = err;
    return first;
}

bool stands(int root, const Pin& pin) {
    Fd place;
    if (open_place(root, pin.path.c_str(), false, false, place) != 0 &&
        open_place(root, pin.path.c_str(), false, true, place) != 0)
        return false;
    struct statx sx{};
    return ::statx(place.get(), "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &sx) == 0 &&
           (sx.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

int pin_all(int root, const std::vector<Pin>& pins) {
    std::vector<Pin> made;
    for (const auto& pin : pins) {
        if (pin.again && stands(root, pin)) continue;
        MountOp op;
        op.kind = wire::MountKind::mask;
        op.flags = wire::kMountPin | wire::kMountWritable;
        op.target = pin.path;
        if (const int err = mount_pin(root, op); err != 0) {
            (void)take_away_all(root, made, made.size());
            return err;
        }
        if (!pin.again) made.push_back(pin);
    }
    return 0;
}

// It stays in our pid namespace: nothing in the cage sees it. It was forked from a single-threaded program and may allocate.
int pin_in_child(const PinJob& job) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (const int err = keep_two(job.user, job.mount); err != 0) return err;
    for (const int ns : {job.user, job.mount})
        if (::setns(ns, 0) != 0) return errno;
    const auto& cage = *job.cage;
    if (const int err = set_ids(cage.uid, cage.gid, cage.groups, cage.set_groups); err != 0) return err;
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    const Fd root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!root) return errno;
    return job.take_away ? take_away_all(root.get(), job.pins, job.pins.size()) : pin_all(root.get(), job.pins);
}

} // namespace

Result<Fd> start_pinning(const PinJob& job) {
    int pidfd = -1;
    const auto pid = clone_process(0, &pidfd, -1);
    if (pid < 0) return fail_errno("clone");
    if (pid == 0) ::_exit(pin_in_child(job));
    return Fd(pidfd);
}

} // namespace owhale::spawner
