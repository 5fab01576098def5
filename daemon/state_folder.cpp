#include "state_folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "base/files.hpp"
#include "base/log.hpp"

namespace owhale {
namespace {

std::unexpected<Error> unusable(const std::string& path, std::string why, std::string next, int errnum = 0) {
    return std::unexpected(
        Error{Code::state_unavailable, "the state folder " + path + " " + std::move(why), std::move(next), errnum, {}});
}

Status make_folders(const std::string& path) {
    const auto parent = std::filesystem::path(path).parent_path();
    std::error_code error;
    std::filesystem::create_directories(parent, error);
    if (!error && ::mkdir(path.c_str(), 0700) == 0) return sync_folder(parent); // else all that is in it may go with it
    if (!error && errno == EEXIST) return {};
    return unusable(path, "cannot be made", "make it, or name another --state-dir", error ? error.value() : errno);
}

Result<bool> is_empty(int fd, const std::string& path) {
    const int again = ::openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(again < 0 ? nullptr : ::fdopendir(again), ::closedir);
    if (!folder) return unusable(path, "cannot be read", "check its mode", errno);
    while (const auto* entry = ::readdir(folder.get()))
        if (std::string_view(entry->d_name) != "." && std::string_view(entry->d_name) != "..") return false;
    return true;
}

// Root's folder becomes the broker's only while nothing is in it: /var/lib given by mistake must stay root's.
Status adopt(int fd, const config::Settings& settings) {
    const auto& path = settings.state_dir;
    if (!TRY(is_empty(fd, path)))
        return unusable(path, "belongs to root and is not empty",
                        "name a folder of its own; if it is owhaled's: chown -R " + std::to_string(settings.uid) + ":" +
                            std::to_string(settings.gid) + " " + path);
    if (::fchown(fd, settings.uid, settings.gid) != 0)
        return unusable(path, "cannot be given to the broker", "", errno);
    return {};
}

void warn_of_parent(const config::Settings& settings) {
    const auto parent = std::filesystem::path(settings.state_dir).parent_path().string();
    struct stat st{};
    if (::stat(parent.c_str(), &st) != 0) return;
    const bool sticky = (st.st_mode & S_ISVTX) != 0;
    if ((st.st_uid != 0 && st.st_uid != settings.uid) || ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0 && !sticky))
        log::warning("others can replace the state folder: they can write the folder above it", {{"folder", parent}});
}

} // namespace

Status prepare_state_folder(const config::Settings& settings) {
    const auto& path = settings.state_dir;
    CHECK(make_folders(path));
    const Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat st{};
    if (!fd || ::fstat(fd.get(), &st) != 0)
        return unusable(path, errno == ELOOP || errno == ENOTDIR ? "is not a folder" : "cannot be opened",
                        "name the folder itself, not a link to it", errno);
    if (st.st_uid == 0 && !settings.rootless)
        CHECK(adopt(fd.get(), settings));
    else if (st.st_uid != settings.uid)
        return unusable(
            path, "belongs to uid " + std::to_string(st.st_uid) + ", not to " + std::to_string(settings.uid),
            "name another --state-dir, or give it to owhaled: chown -R " + std::to_string(settings.uid) + " " + path);
    if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0) return unusable(path, "can be written by others", "chmod 700 " + path);
    if ((st.st_mode & 07777) != 0700 && ::fchmod(fd.get(), 0700) != 0 && errno != EROFS)
        return unusable(path, "cannot be closed to others", "chmod 700 " + path, errno);
    warn_of_parent(settings);
    return {};
}

Status reach_state_folder(const config::Settings& settings) {
    if (const Fd fd(::open(settings.state_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)); !fd)
        return unusable(settings.state_dir, "is out of reach for uid " + std::to_string(settings.uid),
                        "let that user pass all folders above it (chmod o+x), or name another --state-dir", errno);
    return {};
}

} // namespace owhale
