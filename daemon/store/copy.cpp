#include "store/copy.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

#include "base/fd.hpp"
#include "base/files.hpp"
#include "store/failure.hpp"

namespace owhale::store {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMark = ".before-", kPart = ".part";

std::string copy_of(const std::string& path, int number) {
    const auto digits = std::to_string(number);
    return path + std::string(kMark) + std::string(digits.size() < 3 ? 3 - digits.size() : 0, '0') + digits;
}

std::string folder_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

// SQLite takes an empty file for its copy, and would make one with the process's umask.
Result<Fd> make_empty(const std::string& path) {
    ::unlink(path.c_str());
    Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return cannot_open(path, errno);
    return fd;
}

// One that reads as the database stood at one moment; what SQLite writes so is not synced by itself.
Status write_copy(Database& database, const std::string& path) {
    const auto file = TRY(make_empty(path));
    auto copy = TRY(database.prepare("VACUUM INTO ?"));
    CHECK(copy.with(path).run());
    if (::fsync(file.get()) != 0) return cannot_open(path, errno);
    return {};
}

// audit.db.before-002, or such an attempt.
bool is_copy(std::string_view name) {
    if (name.ends_with(kPart)) name.remove_suffix(kPart.size());
    const auto mark = name.find(kMark);
    if (mark == std::string_view::npos) return false;
    const auto of = name.substr(0, mark), digits = name.substr(mark + kMark.size());
    return (of == "state.db" || of == "audit.db") && digits.size() >= 3 &&
           std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_older(const fs::directory_entry& entry, std::chrono::seconds than) {
    std::error_code error;
    const auto written = entry.last_write_time(error);
    return !error && fs::file_time_type::clock::now() - written > than;
}

} // namespace

Result<std::string> keep_copy(Database& database, int number) {
    const auto kept = copy_of(database.path(), number), part = kept + std::string(kPart);
    auto written = write_copy(database, part);
    if (written && ::rename(part.c_str(), kept.c_str()) != 0) written = cannot_open(kept, errno);
    if (!written) {
        ::unlink(part.c_str());
        return std::unexpected(written.error());
    }
    CHECK(sync_folder(folder_of(kept)));
    return kept;
}

Result<std::vector<std::string>> drop_copies(const std::string& dir, std::chrono::seconds older) {
    std::error_code error;
    std::vector<std::string> gone;
    for (fs::directory_iterator at(dir, error), last; !error && at != last; at.increment(error)) {
        std::error_code none;
        const bool goes = is_copy(at->path().filename().native()) &&
                          at->symlink_status(none).type() == fs::file_type::regular && is_older(*at, older);
        if (goes && fs::remove(at->path(), none)) gone.push_back(at->path());
    }
    if (error)
        return fail(Code::state_unavailable, "the folder " + dir + " cannot be looked through: " + error.message(),
                    "look at its mode and its file system");
    return gone;
}

} // namespace owhale::store
