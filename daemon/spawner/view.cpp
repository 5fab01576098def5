// What a plan mounts: one function per kind.
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spawner/mounts.hpp"
#include "spawner/places.hpp"
#include "spawner/trees.hpp"

namespace owhale::spawner {
namespace {

constexpr const char* kDaemonFolder = "/run/owhaled"; // of wire::kDaemonSocket

int mount_resolved(int root, const MountOp& op) {
    if (!op.tree) return (op.flags & wire::kMountOptional) != 0 ? 0 : ENOENT;
    return place_tree(root, op.target.c_str(), op.is_file, op.tree.get());
}

constexpr const char* kStage = ".stage"; // in the root, while it is furnished

// Only what is mounted somewhere can be cloned in parts.
int stage_box(int root, const JailPlan& plan) {
    Fd place;
    if (const int err = open_place(root, kStage, true, false, place); err != 0) return err;
    if (const int err = attach_tree(plan.box.get(), place.get()); err != 0) return err;
    claim_box(plan.box.get());
    return 0;
}

// box/<part>: a folder of the box's tmpfs, which the spawner mounted and the first run fills.
int mount_box(int root, const JailPlan& plan, const MountOp& op) {
    if (!plan.box) return place_tmpfs(root, op.target.c_str(), "1g");
    Fd part, tree;
    if (const int err = open_place(plan.box.get(), op.source.c_str(), true, false, part); err != 0) return err;
    // An earlier run owns the folder and may have locked itself out of it.
    const Fd readable(::openat(part.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const mode_t mode = op.source == "home" ? 0700 : 01777;
    if (!readable || ::fchmod(readable.get(), mode) != 0) return errno;
    if (const int err = clone_tree(part.get(), "", false, tree); err != 0) return err;
    if (const int err = set_attributes(tree.get(), kQuiet, 0, false); err != 0) return err;
    return place_tree(root, op.target.c_str(), false, tree.get());
}

int write_content(int fd, const std::string& content) {
    for (std::size_t done = 0; done < content.size();) {
        const auto n = ::write(fd, content.data() + done, content.size() - done);
        if (n < 0 && errno != EINTR) return errno;
        if (n > 0) done += static_cast<std::size_t>(n);
    }
    return 0;
}

int mount_file(int root, const MountOp& op) {
    Fd tree;
    if (const int err = make_filesystem("tmpfs", {{"mode", "0755"}, {"size", "8m"}}, kQuiet, tree); err != 0)
        return err;
    {
        const Fd file(::openat(tree.get(), "file", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
        if (!file) return errno;
        if (const int err = write_content(file.get(), op.source); err != 0) return err;
    }
    // A detached mount cannot be cloned before Linux 6.15: it is attached for a moment where nothing sees it.
    Fd staging, single;
    if (const int err = open_place(root, kStage, true, false, staging); err != 0) return err;
    if (const int err = attach_tree(tree.get(), staging.get()); err != 0) return err;
    int err = clone_tree(tree.get(), "file", false, single);
    if (::umount2(kStage, MNT_DETACH) != 0 && err == 0) err = errno;
    if (err == 0) err = set_attributes(single.get(), kReadOnly, 0, false);
    if (err == 0) err = place_tree(root, op.target.c_str(), true, single.get());
    return err;
}

int make_symlink(int root, const MountOp& op) {
    const auto slash = op.target.rfind('/');
    const std::string_view parent(op.target.data(), slash);
    char folder[4096];
    if (parent.size() >= sizeof folder) return ENAMETOOLONG;
    std::memcpy(folder, parent.data(), parent.size());
    folder[parent.size()] = '\0';
    Fd place;
    if (const int err = open_place(root, folder, true, false, place); err != 0) return err;
    const Fd real(::openat(place.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!real) return errno;
    if (::symlinkat(op.source.c_str(), real.get(), op.target.c_str() + slash + 1) != 0 && errno != EEXIST) return errno;
    return 0;
}

int mount_one(int root, const JailPlan& plan, const MountOp& op, Detail& detail) {
    detail.set("mount on ", op.target.c_str());
    if ((op.flags & wire::kMountPin) != 0) return mount_pin(root, op);
    switch (op.kind) {
    case wire::MountKind::system:
        return place_system_path(root, op.source.c_str(), (op.flags & wire::kMountOptional) != 0);
    case wire::MountKind::resolved:
        return mount_resolved(root, op);
    case wire::MountKind::box:
        return mount_box(root, plan, op);
    case wire::MountKind::tmpfs:
        return place_tmpfs(root, op.target.c_str(), "1g");
    case wire::MountKind::mask:
        return mask(root, op.target.c_str(), detail);
    case wire::MountKind::file:
        return mount_file(root, op);
    case wire::MountKind::symlink:
        return make_symlink(root, op);
    }
    return EINVAL;
}

// The listener's place, of the run's uid alone (ids are set by now): nothing but it is ever there.
int make_daemon_folder(int root, Detail& detail) {
    detail.set(kDaemonFolder);
    Fd tree;
    if (const int err = make_filesystem("tmpfs", {{"mode", "0700"}, {"size", "4k"}, {"nr_inodes", "4"}},
                                        kQuiet | MOUNT_ATTR_NOEXEC, tree);
        err != 0)
        return err;
    return place_tree(root, kDaemonFolder, false, tree.get());
}

} // namespace

int mount_pin(int root, const MountOp& op) {
    const bool optional = (op.flags & wire::kMountOptional) != 0;
    Fd place, tree;
    int err = open_place(root, op.target.c_str(), false, false, place);
    if (err == ENOTDIR) err = open_place(root, op.target.c_str(), false, true, place);
    if ((err == ENOENT || err == ELOOP || err == ENOTDIR) && optional) return 0;
    if (err != 0) return err;
    if (err = clone_tree(place.get(), "", true, tree); err != 0) return err;
    const bool writable = (op.flags & wire::kMountWritable) != 0;
    if (err = set_attributes(tree.get(), writable ? kQuiet : kReadOnly, 0, true); err != 0) return err;
    return attach_tree(tree.get(), place.get());
}

int mount_view(int root, const JailPlan& plan, Detail& detail) {
    detail.set("the box");
    if (plan.box)
        if (const int err = stage_box(root, plan); err != 0) return err;
    for (const auto& op : plan.mounts)
        if (const int err = mount_one(root, plan, op, detail); err != 0) return err;
    if (plan.box && ::umount2(kStage, MNT_DETACH) != 0) return errno;
    return plan.daemon || plan.ssh_agent ? make_daemon_folder(root, detail) : 0;
}

int close_daemon_folder() {
    mount_attr attributes{};
    attributes.attr_set = MOUNT_ATTR_RDONLY;
    return ::mount_setattr(AT_FDCWD, kDaemonFolder, 0u, &attributes, sizeof attributes) == 0 ? 0 : errno;
}

} // namespace owhale::spawner
