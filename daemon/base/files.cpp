#include "base/files.hpp"

#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace owhale {
namespace {

std::unexpected<Error> about(const std::string& path, int errnum = errno) {
    return fail_errno(path, errnum);
}

Status trusted(const struct stat& st, const std::string& path) {
    if (st.st_uid != 0 && st.st_uid != ::geteuid())
        return fail(Code::config_invalid, path + " belongs to uid " + std::to_string(st.st_uid),
                    "make it root's: chown root " + path);
    if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return fail(Code::config_invalid, path + " can be written by others", "chmod go-w " + path);
    return {};
}

} // namespace

Result<std::string> read_all(int fd, std::size_t limit) {
    std::string content;
    char buffer[16384];
    for (;;) {
        const auto n = ::read(fd, buffer, sizeof buffer);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_errno("read");
        if (n == 0) return content;
        if (content.size() + static_cast<std::size_t>(n) > limit)
            return fail(Code::body_too_large, "a file is too large");
        content.append(buffer, static_cast<std::size_t>(n));
    }
}

Result<std::string> read_file(const std::string& path, std::size_t limit) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fd) return about(path);
    return read_all(fd.get(), limit);
}

Result<std::string> read_trusted(const std::string& path, std::size_t limit) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fd) return about(path);
    struct stat st{};
    if (::fstat(fd.get(), &st) != 0) return about(path);
    if (!S_ISREG(st.st_mode)) return fail(Code::config_invalid, path + " is not a regular file");
    CHECK(trusted(st, path));
    return read_all(fd.get(), limit);
}

Status write_all(int fd, std::string_view content) {
    while (!content.empty()) {
        const auto n = ::write(fd, content.data(), content.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_errno("write");
        content.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
}

Status write_file(const std::string& path, std::string_view content, mode_t mode) {
    const auto beside = path + ".new";
    Fd fd(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
    if (!fd) return about(beside);
    CHECK(write_all(fd.get(), content));
    if (::fchmod(fd.get(), mode) != 0 || ::fsync(fd.get()) != 0) return about(beside);
    if (::rename(beside.c_str(), path.c_str()) != 0) return about(path);
    return sync_folder(std::filesystem::path(path).parent_path());
}

Status sync_folder(const std::string& path) {
    const Fd fd(::open(path.empty() ? "." : path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || ::fsync(fd.get()) != 0) return about(path);
    return {};
}

Status ensure_private_dir(const std::string& path, mode_t mode) {
    if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return about(path);
    struct stat st{};
    if (::lstat(path.c_str(), &st) != 0) return about(path);
    if (!S_ISDIR(st.st_mode)) return about(path, ENOTDIR);
    return trusted(st, path);
}

} // namespace owhale
