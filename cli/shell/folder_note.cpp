#include "cli/shell/folder_note.hpp"

#include <algorithm>
#include <climits>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.hpp"

namespace owhale::cli::shell {
namespace {

constexpr std::string_view kBegin = "\036\037owhale-folder:", kEnd = "\037\036";

// How much of the end of `text` may become a note.
std::size_t open_end(std::string_view text) {
    if (const auto at = text.rfind(kBegin); at != std::string_view::npos) {
        const auto close = text.find(kEnd, at + kBegin.size());
        const bool whole = close == text.size() - kEnd.size();
        if (whole || (close == std::string_view::npos && text.size() - at < kBegin.size() + PATH_MAX))
            return text.size() - at;
    }
    for (auto length = std::min(text.size(), kBegin.size() - 1); length > 0; --length)
        if (text.ends_with(kBegin.substr(0, length))) return length;
    return 0;
}

Fd open_plainly(const std::string& path, std::uint64_t flags, std::uint64_t mode) {
    open_how how{};
    how.flags = flags | O_CLOEXEC;
    how.mode = mode;
    how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    return Fd(static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
}

bool is_printable(std::string_view text) {
    return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

Status check_folder(const std::string& folder) {
    struct stat found{};
    if (folder.starts_with('/') && folder.size() < PATH_MAX && is_printable(folder) &&
        ::stat(folder.c_str(), &found) == 0 && S_ISDIR(found.st_mode))
        return {};
    return fail(Code::invalid_value, "the script ended in a folder that is there in its cage only: " + folder,
                "the next command starts where this one did; go to a folder of the workspace");
}

Status check_file(int file, const std::string& name) {
    struct stat found{};
    if (::fstat(file, &found) != 0) return fail_errno("looking at " + name);
    if (S_ISREG(found.st_mode) && found.st_uid == ::geteuid() && found.st_nlink == 1) return {};
    return fail(Code::invalid_value, name + " is no regular file of yours with one name: nothing was written to it",
                "see who made it");
}

} // namespace

std::string FolderNote::take(std::string_view chunk) {
    held_ += chunk;
    auto out = held_.substr(0, held_.size() - open_end(held_));
    held_.erase(0, out.size());
    return out;
}

std::optional<std::string> FolderNote::folder() const {
    if (held_.size() <= kBegin.size() + kEnd.size() || !held_.starts_with(kBegin) || !held_.ends_with(kEnd))
        return std::nullopt;
    return held_.substr(kBegin.size(), held_.size() - kBegin.size() - kEnd.size());
}

std::string FolderNote::rest() const {
    return folder() ? std::string() : held_;
}

Status write_folder(const std::string& file, const std::string& folder) {
    CHECK(check_folder(folder));
    const auto to = open_plainly(file, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
    if (!to) return fail_errno("opening " + file);
    CHECK(check_file(to.get(), file));
    const auto line = folder + "\n";
    if (::ftruncate(to.get(), 0) != 0 ||
        ::write(to.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()))
        return fail_errno("writing " + file);
    return {};
}

} // namespace owhale::cli::shell
