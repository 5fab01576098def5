#include "cli/whole_files.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.hpp"

namespace owhale::cli {

std::unexpected<Error> cannot_open(const std::string& path, std::string next, int errnum) {
    const bool missing = errnum == ENOENT || errnum == ENOTDIR;
    return std::unexpected(Error{missing ? Code::not_found : Code::system, path, std::move(next), errnum, {}});
}

std::string parent_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

Result<std::optional<std::string>> read_all(int fd, const std::string& path, std::size_t most) {
    std::string text(most + 1, '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        const auto count = ::read(fd, text.data() + size, text.size() - size);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return fail_errno("reading " + path);
        if (count == 0) break;
        size += static_cast<std::size_t>(count);
    }
    if (size > most) return std::nullopt;
    text.resize(size);
    return text;
}

Status write_all(int fd, std::string_view text, const std::string& path) {
    while (!text.empty()) {
        const auto written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return fail_errno("writing " + path);
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return ::fsync(fd) == 0 ? Status{} : fail_errno("writing " + path);
}

Status replace_file(const std::string& path, std::string_view text, const std::function<Status(int fd)>& prepare,
                    const std::function<Status()>& ready) {
    std::string draft = path + ".XXXXXX";
    const Fd file(::mkostemp(draft.data(), O_CLOEXEC)); // mode 0600
    if (!file) return fail_errno("making a file in " + parent_of(path));
    auto written = prepare(file.get());
    if (written) written = write_all(file.get(), text, path);
    if (written) written = ready();
    if (written && ::rename(draft.c_str(), path.c_str()) != 0) written = fail_errno("replacing " + path);
    if (!written) ::unlink(draft.c_str());
    return written;
}

} // namespace owhale::cli
