#include "store/copy.hpp"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "base/files.hpp"
#include "store/failure.hpp"

namespace owhale::store {
namespace {

std::string copy_of(const std::string& path, int number) {
    const auto digits = std::to_string(number);
    return path + ".before-" + std::string(digits.size() < 3 ? 3 - digits.size() : 0, '0') + digits;
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

} // namespace

Result<std::string> keep_copy(Database& database, int number) {
    const auto kept = copy_of(database.path(), number), part = kept + ".part";
    auto written = write_copy(database, part);
    if (written && ::rename(part.c_str(), kept.c_str()) != 0) written = cannot_open(kept, errno);
    if (!written) {
        ::unlink(part.c_str());
        return std::unexpected(written.error());
    }
    CHECK(sync_folder(folder_of(kept)));
    return kept;
}

} // namespace owhale::store
