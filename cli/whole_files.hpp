// The whole text of a file, through a descriptor that its caller opened and looked at.
#pragma once

#include <cerrno>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "shared/error.hpp"

namespace owhale::cli {

// Why a file that somebody named cannot be opened: not_found where it, or a folder on the way to it, is not there; else system.
// `next`: what to name instead.
std::unexpected<Error> cannot_open(const std::string& path, std::string next, int errnum = errno);
// The folder that a path lies in; "/" for what has none.
std::string parent_of(const std::string& path);
// From where the descriptor stands to its end; nothing when that is over `most` bytes. `path` is for errors.
Result<std::optional<std::string>> read_all(int fd, const std::string& path, std::size_t most);
// All of it, and on disk (fsync).
Status write_all(int fd, std::string_view text, const std::string& path);
// A draft beside it, mode 0600, is written and takes the name at once; `prepare` is given the draft while it is empty,
// `ready` says whether it may take the name. When anything fails the draft goes.
Status replace_file(
    const std::string& path, std::string_view text,
    const std::function<Status(int fd)>& prepare = [](int) { return Status{}; },
    const std::function<Status()>& ready = [] { return Status{}; });

} // namespace owhale::cli
