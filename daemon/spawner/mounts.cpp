#include "spawner/mounts.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "spawner/kernel.hpp"
#include "spawner/places.hpp"
#include "spawner/trees.hpp"

namespace owhale::spawner {
namespace {

constexpr unsigned kNone = 0;

std::vector<SystemEntry> system_entries;

} // namespace

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
    const Fd place(::open("root", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)); // in the spawner's working folder
    if (!place) return errno;
    if (const int err = attach_tree(tree.get(), place.get()); err != 0) return err;
    // Names relative to "." are names in the new root from now on.
    if (::fchdir(tree.get()) != 0) return errno;
    root = tree.release();
    claim_root(root);
    return 0;
}

int mount_system(int root, const JailPlan& plan, Detail& detail) {
    for (const auto& entry : system_entries) {
        detail.set("system folder ", entry.path.c_str());
        if (!entry.link.empty()) {
            if (::symlinkat(entry.link.c_str(), root, entry.path.c_str() + 1) != 0) return errno;
        } else if (const int err = place_system_path(root, entry.path.c_str(), true); err != 0) {
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
        if (err = attach_tree(tree.get(), place.get()); err != 0) return err;
    }
    for (const char* path :
         {"proc/acpi", "proc/kcore", "proc/keys", "proc/key-users", "proc/kmsg", "proc/scsi", "proc/timer_list"})
        if (const int err = mask(root, path, detail); err != 0) return err;
    return 0;
}

int enter_root(int root, Detail& detail) {
    detail.set("pivot_root");
    if (::fchdir(root) != 0) return errno;
    // pivot_root(".", "."): the old root comes to lie over the new one, and is taken off at once (pivot_root(2), NOTES).
    if (::syscall(SYS_pivot_root, ".", ".") != 0) return errno;
    if (::umount2(".", MNT_DETACH) != 0) return errno;
    return ::chdir("/") == 0 ? 0 : errno;
}

int seal_root(Detail& detail) {
    detail.set("the cage's root, read-only");
    ::rmdir("/.stage");
    mount_attr attributes{};
    attributes.attr_set = MOUNT_ATTR_RDONLY;
    return ::mount_setattr(AT_FDCWD, "/", kNone, &attributes, sizeof attributes) == 0 ? 0 : errno;
}

} // namespace owhale::spawner
