#include "cli/config_files.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "base/fd.hpp"
#include "cli/hook_paths.hpp"
#include "cli/whole_files.hpp"

namespace owhale::cli {
namespace {

constexpr std::size_t kMost = std::size_t{4} << 20;
constexpr std::size_t kAround = 3;

Status make_folders(const std::string& path) {
    if (::access(path.c_str(), F_OK) == 0) return {};
    if (path != "/") CHECK(make_folders(parent_of(path)));
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno("making " + path);
    return {};
}

Status keep_owner(int fd, const std::string& path) {
    struct stat old{};
    if (::stat(path.c_str(), &old) != 0) return {}; // a new one has mkostemp's 0600
    if (::fchmod(fd, old.st_mode & 07777) != 0) return fail_errno("setting the mode of " + path);
    struct stat now{};
    if (::fstat(fd, &now) != 0) return fail_errno(path);
    if (now.st_gid != old.st_gid && ::fchown(fd, static_cast<uid_t>(-1), old.st_gid) != 0)
        return fail_errno("setting the group of " + path);
    return {};
}

Status check_unchanged(const ConfigFile& before) {
    const auto now = TRY(read_config_file(before.path));
    if (now.text == before.text && now.path == before.path) return {};
    return fail(Code::conflict, before.path + " was changed by somebody else meanwhile: it was left alone",
                "try again");
}

void sync_folder(const std::string& folder) {
    if (const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)); fd) ::fsync(fd.get());
}

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size() - 1) + 1;
        lines.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return lines;
}

std::string range(std::size_t first, std::size_t count) {
    return std::to_string(count == 0 ? first : first + 1) + (count == 1 ? "" : "," + std::to_string(count));
}

std::string marked(char mark, std::string_view line) {
    std::string out = mark + std::string(line);
    return line.ends_with('\n') ? out : out + "\n\\ No newline at end of file\n";
}

} // namespace

Result<ConfigFile> read_config_file(const std::string& path) {
    ConfigFile out{TRY(locate(path, "/", "")).real, {}};
    const Fd file(::open(out.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
    if (!file && errno == ENOENT) return out;
    if (!file) return fail_errno(out.path);
    struct stat found{};
    if (::fstat(file.get(), &found) != 0) return fail_errno(out.path);
    if (!S_ISREG(found.st_mode)) return fail(Code::forbidden, out.path + " is no plain file", "look at it by hand");
    if (found.st_uid != ::geteuid())
        return fail(Code::forbidden, out.path + " belongs to another user (uid " + std::to_string(found.st_uid) + ")",
                    "its owner can run this");
    out.text = TRY(read_all(file.get(), out.path, kMost));
    if (!out.text) return fail(Code::body_too_large, out.path + " is over 4 MiB", "is it the right file?");
    return out;
}

Status write_config_file(const ConfigFile& before, std::string_view text) {
    const auto folder = parent_of(before.path);
    CHECK(make_folders(folder));
    CHECK(replace_file(
        before.path, text, [&](int fd) { return keep_owner(fd, before.path); },
        [&] { return check_unchanged(before); }));
    sync_folder(folder);
    return {};
}

Status remove_config_file(const ConfigFile& before) {
    CHECK(check_unchanged(before));
    if (::unlink(before.path.c_str()) != 0) return fail_errno("removing " + before.path);
    sync_folder(parent_of(before.path));
    return {};
}

std::string unified_diff(const std::string& path, const std::optional<std::string>& before, std::string_view after) {
    const auto old = lines_of(before ? std::string_view(*before) : std::string_view()), now = lines_of(after);
    std::size_t head = 0, tail = 0;
    while (head < std::min(old.size(), now.size()) && old[head] == now[head]) ++head;
    while (tail < std::min(old.size(), now.size()) - head && old[old.size() - 1 - tail] == now[now.size() - 1 - tail])
        ++tail;
    const auto first = head - std::min(head, kAround), last = tail - std::min(tail, kAround);
    std::string out = "--- " + (before ? path : "/dev/null") + "\n+++ " + path + "\n@@ -" +
                      range(first, old.size() - last - first) + " +" + range(first, now.size() - last - first) +
                      " @@\n";
    for (auto i = first; i < head; ++i) out += marked(' ', old[i]);
    for (auto i = head; i < old.size() - tail; ++i) out += marked('-', old[i]);
    for (auto i = head; i < now.size() - tail; ++i) out += marked('+', now[i]);
    for (auto i = old.size() - tail; i < old.size() - last; ++i) out += marked(' ', old[i]);
    return out;
}

} // namespace owhale::cli
