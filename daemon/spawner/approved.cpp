#include "spawner/approved.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sha256.hpp"
#include "spawner/kernel.hpp"
#include "spawner/places.hpp"
#include "spawner/trees.hpp"

namespace owhale::spawner {
namespace {

// An empty folder of every cage, on which nothing else is ever mounted.
constexpr const char* kStage = "sys";

struct Name { // of a copy on the private tmpfs
    char text[24];
    explicit Name(std::size_t index) { std::snprintf(text, sizeof text, "%zu", index); }
};

int write_whole(int fd, const std::uint8_t* bytes, std::size_t size) {
    while (size > 0) {
        const auto n = ::write(fd, bytes, size);
        if (n < 0 && errno != EINTR) return errno;
        if (n <= 0) continue;
        bytes += n;
        size -= static_cast<std::size_t>(n);
    }
    return 0;
}

int copy_and_hash(int from, int to, std::uint64_t most, std::uint64_t& total, Sha256& hash) {
    std::array<std::uint8_t, 65536> buffer;
    for (std::uint64_t size = 0;;) {
        const auto n = ::read(from, buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno;
        if (n == 0) return 0;
        const auto got = static_cast<std::size_t>(n);
        size += got;
        total += got;
        if (size > most || total > wire::kMaxApprovedAll) return EFBIG; // it may grow while it is read
        hash.update({buffer.data(), got});
        if (const int err = write_whole(to, buffer.data(), got); err != 0) return err;
    }
}

// A copy of its own mode, but that nobody writes it.
int copy_one(int root, const ApprovedFile& file, int folder, const char* name, std::uint64_t& total) {
    constexpr std::uint64_t kResolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    const Fd from(kernel::openat2(root, file.path.c_str() + 1,
                                  O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC, kResolve));
    if (!from) return errno;
    struct stat st{};
    if (::fstat(from.get(), &st) != 0) return errno;
    if (!S_ISREG(st.st_mode)) return EISDIR;
    const Fd to(::openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!to) return errno;
    Sha256 hash;
    if (const int err = copy_and_hash(from.get(), to.get(), wire::kMaxApprovedFile, total, hash); err != 0) return err;
    if (hash.digest() != file.digest) return ESTALE;
    const std::array<timespec, 2> times = {st.st_atim, st.st_mtim}; // make and its like compare them
    if (::futimens(to.get(), times.data()) != 0) return errno;
    return ::fchmod(to.get(), (st.st_mode & 0555) | 0400) == 0 ? 0 : errno;
}

int copy_all(int root, const JailPlan& plan, int folder, Detail& detail) {
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < plan.approved.size(); ++i) {
        detail.set(plan.approved[i].path.c_str());
        if (const int err = copy_one(root, plan.approved[i], folder, Name(i).text, total); err != 0) return err;
    }
    return 0;
}

int bind_one(int root, const ApprovedFile& file, int folder, const char* name) {
    Fd single, place;
    if (const int err = clone_tree(folder, name, false, single); err != 0) return err;
    if (const int err = set_attributes(single.get(), kReadOnly, 0, false); err != 0) return err;
    if (const int err = open_place(root, file.path.c_str(), false, true, place); err != 0) return err;
    return attach_tree(single.get(), place.get());
}

int bind_all(int root, const JailPlan& plan, int folder, Detail& detail) {
    for (std::size_t i = 0; i < plan.approved.size(); ++i) {
        detail.set(plan.approved[i].path.c_str());
        if (const int err = bind_one(root, plan.approved[i], folder, Name(i).text); err != 0) return err;
    }
    return 0;
}

} // namespace

int bind_approved(int root, const JailPlan& plan, Detail& detail) {
    if (plan.approved.empty()) return 0;
    detail.set("the copies of what was approved");
    Fd folder, stage;
    if (const int err =
            make_filesystem("tmpfs", {{"mode", "0700"}, {"size", "513m"}, {"nr_inodes", "128"}}, kQuiet, folder);
        err != 0)
        return err;
    if (const int err = copy_all(root, plan, folder.get(), detail); err != 0) return err;
    // A detached mount cannot be cloned before Linux 6.15: it is attached for a moment where nothing sees it.
    if (const int err = open_place(root, kStage, false, false, stage); err != 0) return err;
    if (const int err = attach_tree(folder.get(), stage.get()); err != 0) return err;
    int err = bind_all(root, plan, folder.get(), detail);
    if (::fchdir(root) != 0 || ::umount2(kStage, MNT_DETACH | UMOUNT_NOFOLLOW) != 0) err = err != 0 ? err : errno;
    return err;
}

int bind_approved_alone(const JailPlan& plan, Detail& detail) {
    if (plan.approved.empty()) return 0;
    detail.set("a mount namespace for what was approved");
    if (::unshare(CLONE_NEWNS) != 0) return errno;
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return errno;
    const Fd root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!root) return errno;
    return bind_approved(root.get(), plan, detail);
}

} // namespace owhale::spawner
