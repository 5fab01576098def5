#include "spawner/places.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spawner/kernel.hpp"
#include "spawner/trees.hpp"

namespace owhale::spawner {
namespace {

constexpr int kMaxComponent = 255;

dev_t own_root = 0, own_box = 0;

dev_t device_of(int fd) {
    struct stat st{};
    return ::fstat(fd, &st) == 0 ? st.st_dev : 0;
}

bool ours(int folder) {
    struct stat st{};
    return ::fstat(folder, &st) == 0 && (st.st_dev == own_root || st.st_dev == own_box);
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

} // namespace

void claim_root(int folder) {
    own_root = device_of(folder);
}

void claim_box(int folder) {
    own_box = device_of(folder);
}

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
    return attach_tree(tree, place.get());
}

int place_tmpfs(int root, const char* target, const char* size) {
    Fd tree;
    if (const int err = make_filesystem("tmpfs", {{"mode", "0755"}, {"size", size}}, kQuiet, tree); err != 0)
        return err;
    return place_tree(root, target, false, tree.get());
}

int place_system_path(int root, const char* path, bool optional) {
    struct stat st{};
    if (::lstat(path, &st) != 0) return optional && errno == ENOENT ? 0 : errno;
    if (S_ISLNK(st.st_mode)) return optional ? 0 : ELOOP;
    Fd tree;
    if (const int err = clone_tree(AT_FDCWD, path, true, tree); err != 0) return err;
    if (const int err = set_attributes(tree.get(), kReadOnly, 0, true); err != 0) return err;
    return place_tree(root, path, !S_ISDIR(st.st_mode), tree.get());
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
        return attach_tree(tree.get(), place.get());
    }
    if (err != 0) return err;
    if (err = make_filesystem("tmpfs", {{"mode", "0555"}, {"size", "4k"}}, kReadOnly | MOUNT_ATTR_NOEXEC, tree);
        err != 0)
        return err;
    return attach_tree(tree.get(), place.get());
}

} // namespace owhale::spawner
