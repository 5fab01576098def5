#include "spawner/forbidden.hpp"

#include <array>
#include <fcntl.h>
#include <set>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace owhale::spawner {
namespace {

bool same_or_below(std::string_view path, std::string_view folder) {
    if (folder == "/") return true;
    return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

bool same_file(const struct statx& a, const std::string& path) {
    struct statx b{};
    if (::statx(AT_FDCWD, path.c_str(), 0, STATX_INO, &b) != 0) return false;
    return a.stx_ino == b.stx_ino && a.stx_dev_major == b.stx_dev_major && a.stx_dev_minor == b.stx_dev_minor;
}

std::string parent_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

} // namespace

std::string path_of_fd(int fd) {
    std::array<char, 40> link;
    std::snprintf(link.data(), link.size(), "/proc/self/fd/%d", fd);
    std::array<char, 4096> target;
    const auto n = ::readlink(link.data(), target.data(), target.size());
    return n <= 0 || static_cast<std::size_t>(n) == target.size()
               ? std::string()
               : std::string(target.data(), static_cast<std::size_t>(n));
}

Status check_not_forbidden(int fd, const std::vector<std::string>& forbidden) {
    const auto path = path_of_fd(fd);
    if (path.empty() || path.front() != '/') return fail(Code::forbidden, "a folder without a name");
    struct statx st{};
    // What a client chose is never waited for: its attributes as the kernel has them (a FUSE server may not answer).
    if (::statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO, &st) != 0)
        return fail(Code::forbidden, path + " cannot be told from what no cage may show");
    std::set<std::string> looked_at;
    for (const auto& folder : forbidden) {
        if (same_or_below(path, folder) || same_or_below(folder, path))
            return fail(Code::forbidden, path + " holds or lies in " + folder + ", which no cage may show",
                        "work in another folder");
        // A second mount of the same folder, or of one above it, has another name and the same inode.
        for (auto above = folder; looked_at.insert(above).second; above = parent_of(above)) {
            if (same_file(st, above)) return fail(Code::forbidden, path + " is another name of " + above);
            if (above == "/") break;
        }
    }
    return {};
}

std::vector<std::string> masks_below(const std::string& folder, const std::vector<std::string>& forbidden) {
    std::vector<std::string> masks;
    for (const auto& path : forbidden)
        if (same_or_below(path, folder)) masks.push_back(path);
    return masks;
}

} // namespace owhale::spawner
