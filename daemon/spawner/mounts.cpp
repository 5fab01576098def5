#include "spawner/mounts.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "spawner/kernel.hpp"

namespace owhale::spawner {
namespace {

constexpr unsigned kNone = 0;
constexpr std::uint64_t kQuiet = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
constexpr std::uint64_t kReadOnly = kQuiet | MOUNT_ATTR_RDONLY;
constexpr int kMaxComponent = 255;
constexpr const char* kDaemonFolder = "/run/owhaled"; // of wire::kDaemonSocket

std::vector<SystemEntry> system_entries;
dev_t own_devices[2] =
    {};           // the cage's root and the box: there, what an earlier run left in a place's way may be removed
int scratch = -1; // the spawner's own tmpfs, as this child's mount namespace has it: boxes/<key>

// --- the new mount API ---

int set_attributes(int tree, std::uint64_t set, std::uint64_t clear, bool recursive) {
    mount_attr attributes{};
    attributes.attr_set = set;
    attributes.attr_clr = clear;
    const unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0u);
    return ::mount_setattr(tree, "", flags, &attributes, sizeof attributes) == 0 ? 0 : errno;
}

int attach(int tree, int target) {
    return ::move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) == 0 ? 0 : errno;
}

struct Option {
    const char* key;
    const char* value; // null: a flag
};

// A new filesystem, mounted nowhere yet.
int make_filesystem(const char* type, std::initializer_list<Option> options, std::uint64_t attributes, Fd& tree) {
    const Fd context(::fsopen(type, FSOPEN_CLOEXEC));
    if (!context) return errno;
    for (const auto& option : options) {
        const auto command = option.value == nullptr ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING;
        if (::fsconfig(context.get(), command, option.key, option.value, 0) != 0) return errno;
    }
    if (::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) return errno;
    tree.reset(::fsmount(context.get(), FSMOUNT_CLOEXEC, static_cast<unsigned>(attributes)));
    return tree ? 0 : errno;
}

int clone_tree(int at, const char* path, bool recursive, Fd& tree) {
    const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_NO_AUTOMOUNT | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;
    tree.reset(::open_tree(at, path, flags | (recursive ? AT_RECURSIVE : 0u)));
    return tree ? 0 : errno;
}

// --- places below the new root ---

bool ours(int folder) {
    struct stat st{};
    return ::fstat(folder, &st) == 0 && (st.st_dev == own_devices[0] || st.st_dev == own_devices[1]);
}

dev_t device_of(int fd) {
    struct stat st{};
    return ::fstat(fd, &st) == 0 ? st.st_dev : 0;
}

// Makes one component: a folder, or for the last of a file's place an empty file. A link or a file that stands where a
// folder must be goes away first, in the box and the root only.
int make_component(int at, const char* name, bool is_file) {
    struct stat st{};
    if (::fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        const bool fits = is_file ? S_ISREG(st.st_mode) : S_ISDIR(st.st_mode);
        if (fits) return 0;
        if (!ours(at)) return S_ISLNK(st.st_mode) ? ELOOP : is_file ? EISDIR : ENOTDIR;
        if (::unlinkat(at, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) != 0) return errno;
    }
    if (!is_file) return ::mkdirat(at, name, 0755) == 0 || errno == EEXIST ? 0 : errno;
    const Fd made(::openat(at, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    return made || errno == EEXIST ? 0 : errno;
}

// Opens `path` below `root` as a place to mount on. Links are never followed and `..` never climbs: the box and the
// workspace hold what earlier runs left there. With `make`, what is missing on the way becomes folders, and the last
// component a folder or an empty file.
int open_place(int root, const char* path, bool make, bool is_file, Fd& place) {
    Fd at(::openat(root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!at) return errno;
    while (*path == '/') ++path;
    while (*path != '\0') {
        const char* end = ::strchrnul(path, '/');
        const auto length = static_cast<std::size_t>(end - path);
        if (length > kMaxComponent) return ENAMETOOLONG;
        char name[kMaxComponent + 1];
        std::memcpy(name, path, length);
        name[length] = '\0';
        path = end;
        while (*path == '/') ++path;
        const bool last = *path == '\0';
        constexpr std::uint64_t kResolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
        if (make)
            if (const int err = make_component(at.get(), name, last && is_file); err != 0) return err;
        const int next = kernel::openat2(at.get(), name, O_PATH | O_CLOEXEC | O_NOFOLLOW, kResolve);
        if (next < 0) return errno;
        at.reset(next);
    }
    struct stat st{};
    if (::fstat(at.get(), &st) != 0) return errno;
    if (is_file ? !S_ISREG(st.st_mode) : !S_ISDIR(st.st_mode)) return is_file ? EISDIR : ENOTDIR;
    place = std::move(at);
    return 0;
}

int place_tree(int root, const char* target, bool is_file, int tree) {
    Fd place;
    if (const int err = open_place(root, target, true, is_file, place); err != 0) return err;
    return attach(tree, place.get());
}

int mount_tmpfs(int root, const char* target, const char* size, std::uint64_t attributes) {
    Fd tree;
    if (const int err = make_filesystem("tmpfs", {{"mode", "0755"}, {"size", size}}, attributes, tree); err != 0)
        return err;
    return place_tree(root, target, false, tree.get());
}

int mask(int root, const char* target, Detail& detail) {
    detail.set("mask ", target);
    Fd place;
    int err = open_place(root, target, false, false, place);
    if (err == ENOENT) return 0;
    Fd tree;
    if (err == ENOTDIR) {
        if (err = open_place(root, target, false, true, place); err != 0) return err;
        if (err = clone_tree(AT_FDCWD, "/dev/null", false, tree); err != 0) return err;
        if (err = set_attributes(tree.get(), MOUNT_ATTR_NOSUID | MOUNT_ATTR_RDONLY, 0, false); err != 0) return err;
        return attach(tree.get(), place.get());
    }
    if (err != 0) return err;
    if (err = make_filesystem("tmpfs", {{"mode", "0555"}, {"size", "4k"}}, kReadOnly | MOUNT_ATTR_NOEXEC, tree);
        err != 0)
        return err;
    return attach(tree.get(), place.get());
}

int mount_system_path(int root, const char* path, bool optional) {
    struct stat st{};
    if (::lstat(path, &st) != 0) return optional && errno == ENOENT ? 0 : errno;
    if (S_ISLNK(st.st_mode)) return optional ? 0 : ELOOP;
    Fd tree;
    if (const int err = clone_tree(AT_FDCWD, path, true, tree); err != 0) return err;
    if (const int err = set_attributes(tree.get(), kReadOnly, 0, true); err != 0) return err;
    return place_tree(root, path, !S_ISDIR(st.st_mode), tree.get());
}

// --- one function per kind of mount in a plan ---

int mount_resolved(int root, const MountOp& op) {
    if (!op.tree) return (op.flags & wire::kMountOptional) != 0 ? 0 : ENOENT;
    return place_tree(root, op.target.c_str(), op.is_file, op.tree.get());
}

// box/<part>: a folder of the box's tmpfs, which the spawner mounted and the first run fills.
int mount_box(int root, const JailPlan& plan, const MountOp& op) {
    if (plan.box.empty()) return mount_tmpfs(root, op.target.c_str(), "1g", kQuiet);
    const Fd box(::openat(scratch, plan.box.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!box) return errno;
    own_devices[1] = device_of(box.get());
    Fd part, tree;
    if (const int err = open_place(box.get(), op.source.c_str(), true, false, part); err != 0) return err;
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
    if (const int err = open_place(root, ".stage", true, false, staging); err != 0) return err;
    if (const int err = attach(tree.get(), staging.get()); err != 0) return err;
    int err = clone_tree(tree.get(), "file", false, single);
    if (::umount2(".stage", MNT_DETACH) != 0 && err == 0) err = errno;
    if (err == 0) err = set_attributes(single.get(), kReadOnly, 0, false);
    if (err == 0) err = place_tree(root, op.target.c_str(), true, single.get());
    return err;
}

int mount_pin(int root, const MountOp& op) {
    const bool optional = (op.flags & wire::kMountOptional) != 0;
    Fd place, tree;
    int err = open_place(root, op.target.c_str(), false, false, place);
    if (err == ENOTDIR) err = open_place(root, op.target.c_str(), false, true, place);
    if ((err == ENOENT || err == ELOOP) && optional) return 0;
    if (err != 0) return err;
    if (err = clone_tree(place.get(), "", true, tree); err != 0) return err;
    const bool writable = (op.flags & wire::kMountWritable) != 0;
    if (err = set_attributes(tree.get(), writable ? kQuiet : kReadOnly, 0, true); err != 0) return err;
    return attach(tree.get(), place.get());
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
        return mount_system_path(root, op.source.c_str(), (op.flags & wire::kMountOptional) != 0);
    case wire::MountKind::resolved:
        return mount_resolved(root, op);
    case wire::MountKind::box:
        return mount_box(root, plan, op);
    case wire::MountKind::tmpfs:
        return mount_tmpfs(root, op.target.c_str(), "1g", kQuiet);
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

void Detail::set(const char* first, const char* second) {
    std::snprintf(text, sizeof text, "%s%s", first, second);
}

std::vector<SystemEntry> read_system_entries() {
    std::vector<SystemEntry> entries;
    for (const char* path :
         {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/opt", "/nix", "/gnu",
          "/var/lib/dpkg", "/var/lib/apt/lists", "/var/cache/fontconfig", "/var/cache/man"}) {
        struct stat st{};
        if (::lstat(path, &st) != 0) continue;
        SystemEntry entry{path, {}};
        if (S_ISLNK(st.st_mode)) {
            std::array<char, 4096> text;
            const auto n = ::readlink(path, text.data(), text.size());
            if (n <= 0) continue;
            entry.link.assign(text.data(), static_cast<std::size_t>(n));
        } else if (!S_ISDIR(st.st_mode)) {
            continue;
        }
        entries.push_back(std::move(entry));
    }
    return entries;
}

void set_system_entries(std::vector<SystemEntry> entries) {
    system_entries = std::move(entries);
}

int make_root(int& root, Detail& detail) {
    detail.set("the cage's root");
    // Ours alone from here on: nothing that is mounted below travels back.
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return errno;
    Fd tree;
    if (const int err =
            make_filesystem("tmpfs", {{"mode", "0755"}, {"size", "2m"}, {"nr_inodes", "4096"}}, kQuiet, tree);
        err != 0)
        return err;
    scratch = ::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC); // the spawner's working folder
    if (scratch < 0) return errno;
    const Fd place(::openat(scratch, "root", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!place) return errno;
    if (const int err = attach(tree.get(), place.get()); err != 0) return err;
    // Names relative to "." are names in the new root from now on.
    if (::fchdir(tree.get()) != 0) return errno;
    root = tree.release();
    own_devices[0] = device_of(root);
    return 0;
}

int mount_system(int root, const JailPlan& plan, Detail& detail) {
    for (const auto& entry : system_entries) {
        detail.set("system folder ", entry.path.c_str());
        if (!entry.link.empty()) {
            if (::symlinkat(entry.link.c_str(), root, entry.path.c_str() + 1) != 0) return errno;
        } else if (const int err = mount_system_path(root, entry.path.c_str(), true); err != 0) {
            return err;
        }
    }
    for (const char* folder : {"run", "var", "var/tmp", "tmp", "home", "root", "mnt", "sys"}) {
        detail.set("folder ", folder);
        if (::mkdirat(root, folder, 0755) != 0 && errno != EEXIST) return errno;
    }
    if (::symlinkat("../run", root, "var/run") != 0) return errno;
    for (const auto& path : plan.masks)
        if (const int err = mask(root, path.c_str(), detail); err != 0) return err;
    return 0;
}

int mount_devices(int root, const JailPlan&, Detail& detail) {
    detail.set("/dev");
    Fd dev;
    if (const int err =
            make_filesystem("tmpfs", {{"mode", "0755"}, {"size", "64k"}}, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, dev);
        err != 0)
        return err;
    if (const int err = place_tree(root, "dev", false, dev.get()); err != 0) return err;
    for (const char* name : {"null", "zero", "full", "random", "urandom", "tty"}) {
        detail.set("/dev/", name);
        char path[24];
        std::snprintf(path, sizeof path, "/dev/%s", name);
        Fd tree;
        if (const int err = clone_tree(AT_FDCWD, path, false, tree); err != 0) return err;
        if (const int err = set_attributes(tree.get(), MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0, false); err != 0)
            return err;
        if (const int err = place_tree(root, path, true, tree.get()); err != 0) return err;
    }
    detail.set("/dev/pts");
    Fd pts;
    if (const int err =
            make_filesystem("devpts", {{"newinstance", nullptr}, {"ptmxmode", "0666"}, {"mode", "0620"}, {"max", "64"}},
                            MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, pts);
        err != 0)
        return err;
    if (const int err = place_tree(root, "dev/pts", false, pts.get()); err != 0) return err;
    detail.set("/dev links");
    struct Link {
        const char *text, *name;
    };
    for (const auto& [text, name] :
         {Link{"pts/ptmx", "ptmx"}, Link{"/proc/self/fd", "fd"}, Link{"/proc/self/fd/0", "stdin"},
          Link{"/proc/self/fd/1", "stdout"}, Link{"/proc/self/fd/2", "stderr"}})
        if (::symlinkat(text, dev.get(), name) != 0) return errno;
    if (::mkdirat(dev.get(), "shm", 0755) != 0) return errno;
    return 0;
}

int mount_proc(int root, Detail& detail) {
    detail.set("/proc");
    Fd proc;
    if (const int err = make_filesystem("proc", {}, kQuiet | MOUNT_ATTR_NOEXEC, proc); err != 0) return err;
    if (const int err = place_tree(root, "proc", false, proc.get()); err != 0) return err;
    // Host-wide knobs and tables. Ids alone refuse them already; a mount does not depend on ids.
    for (const char* path : {"proc/sys", "proc/irq", "proc/bus", "proc/fs", "proc/sysrq-trigger"}) {
        detail.set("read-only /", path);
        Fd place, tree;
        int err = open_place(root, path, false, false, place);
        if (err == ENOTDIR) err = open_place(root, path, false, true, place);
        if (err == ENOENT) continue;
        if (err != 0) return err;
        if (err = clone_tree(place.get(), "", true, tree); err != 0) return err;
        if (err = set_attributes(tree.get(), kReadOnly | MOUNT_ATTR_NOEXEC, 0, true); err != 0) return err;
        if (err = attach(tree.get(), place.get()); err != 0) return err;
    }
    for (const char* path :
         {"proc/acpi", "proc/kcore", "proc/keys", "proc/key-users", "proc/kmsg", "proc/scsi", "proc/timer_list"})
        if (const int err = mask(root, path, detail); err != 0) return err;
    return 0;
}

int mount_view(int root, const JailPlan& plan, Detail& detail) {
    for (const auto& op : plan.mounts)
        if (const int err = mount_one(root, plan, op, detail); err != 0) return err;
    return plan.daemon ? make_daemon_folder(root, detail) : 0;
}

int close_daemon_folder() {
    mount_attr attributes{};
    attributes.attr_set = MOUNT_ATTR_RDONLY;
    return ::mount_setattr(AT_FDCWD, kDaemonFolder, kNone, &attributes, sizeof attributes) == 0 ? 0 : errno;
}

int enter_root(int root, Detail& detail) {
    detail.set("pivot_root");
    if (::fchdir(root) != 0) return errno;
    // pivot_root(".", "."): the old root comes to lie over the new one, and is taken off at once (pivot_root(2), NOTES).
    if (::syscall(SYS_pivot_root, ".", ".") != 0) return errno;
    if (::umount2(".", MNT_DETACH) != 0) return errno;
    if (::chdir("/") != 0) return errno;
    ::rmdir("/.stage");
    mount_attr attributes{};
    attributes.attr_set = MOUNT_ATTR_RDONLY;
    return ::mount_setattr(AT_FDCWD, "/", kNone, &attributes, sizeof attributes) == 0 ? 0 : errno;
}

} // namespace owhale::spawner
