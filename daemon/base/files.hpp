// Small files, read and written whole.
#pragma once

#include <string>
#include <string_view>
#include <sys/types.h>

#include "base/fd.hpp"
#include "shared/error.hpp"

namespace owhale {

// The whole of a regular file, which may be at most `limit` bytes.
Result<std::string> read_file(const std::string& path, std::size_t limit);
Result<std::string> read_all(int fd, std::size_t limit);
// Replaces a file: a temporary beside it with this mode, fsync, rename, fsync of the folder. After a loss of power there is
// the old one or the new one.
Status write_file(const std::string& path, std::string_view content, mode_t mode);
// What was made, renamed or removed in a folder is then on disk.
Status sync_folder(const std::string& path);
// Everything, in spite of short writes and EINTR.
Status write_all(int fd, std::string_view content);
// A folder that only we can write: made with `mode` when missing; refused when it belongs to someone else or is
// writable by others.
Status ensure_private_dir(const std::string& path, mode_t mode);
// A file that decides what owhaled does: refused unless a regular file owned by root or by us, not writable by others.
Result<std::string> read_trusted(const std::string& path, std::size_t limit);

} // namespace owhale
