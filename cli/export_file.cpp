#include "cli/export_file.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/export_lines.hpp"
#include "cli/whole_files.hpp"

namespace owhale::cli {
namespace {

constexpr std::uint64_t kFirstLook = 64u << 10, kLongestTail = 64u << 20; // bytes at the end of the file

std::unexpected<Error> no_export(const std::string& path, const std::string& why) {
    return fail(Code::invalid_value, path + " cannot be gone on with: " + why,
                "name the file of an export in this format, or a new one");
}

} // namespace

Result<ExportFile> ExportFile::create(const std::string& path) {
    Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd && errno == EEXIST)
        return fail(Code::conflict, path + " is there already", "go on with it: --resume " + path);
    if (!fd) return cannot_open("making " + path, "name a file in a folder that is there and that you can write");
    ExportFile file(std::move(fd), path);
    file.made_ = true;
    return file;
}

Result<ExportFile> ExportFile::resume(const std::string& path, const std::string& format) {
    Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
    if (!fd && errno == ENOENT) return create(path);
    if (!fd && errno == ELOOP) return no_export(path, "it is a link");
    if (!fd) return fail_errno("opening " + path);
    struct stat found{};
    if (::fstat(fd.get(), &found) != 0) return fail_errno(path);
    if (!S_ISREG(found.st_mode)) return no_export(path, "it is not a plain file");
    if (found.st_uid != ::geteuid()) return no_export(path, "it belongs to uid " + std::to_string(found.st_uid));
    ExportFile file(std::move(fd), path);
    CHECK(file.find_end(format));
    if (::lseek(file.fd_.get(), 0, SEEK_END) < 0) return fail_errno(path);
    return file;
}

Result<std::string> ExportFile::tail(std::uint64_t size, std::uint64_t bytes) const {
    std::string text(std::min(size, bytes), '\0');
    const auto from = size - text.size();
    for (std::size_t have = 0; have < text.size();) {
        const auto count = ::pread(fd_.get(), text.data() + have, text.size() - have, static_cast<off_t>(from + have));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return fail_errno("reading " + path_);
        if (count == 0) return no_export(path_, "it changes meanwhile");
        have += static_cast<std::size_t>(count);
    }
    return text;
}

// The last line with a sequence number; looks further back until there is one, or it is clear that there is none.
Status ExportFile::find_end(const std::string& format) {
    struct stat found{};
    if (::fstat(fd_.get(), &found) != 0) return fail_errno(path_);
    const auto size = static_cast<std::uint64_t>(found.st_size);
    for (std::uint64_t bytes = kFirstLook; size > 0; bytes *= 4) {
        const auto text = TRY(tail(size, bytes));
        const bool all = text.size() == size;
        std::string_view whole(text.data(), text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1);
        torn_ = text.size() - whole.size();
        while (!whole.empty()) {
            whole.remove_suffix(1);
            const auto begin = whole.rfind('\n') == std::string_view::npos ? 0 : whole.rfind('\n') + 1;
            if (begin == 0 && !all) break; // perhaps not all of the line
            const auto line = whole.substr(begin);
            if (const auto kind = format_of(line); kind != format)
                return no_export(path_, kind.empty() ? "its last line is none of an export's"
                                                     : "it is an export in the format " + std::string(kind));
            if (const auto sequence = sequence_of(line)) {
                after_ = *sequence;
                last_ = line;
                return cut_torn_line(size);
            }
            whole = whole.substr(0, begin);
        }
        if (all) return cut_torn_line(size); // nothing whole in it
        if (bytes >= kLongestTail) return no_export(path_, "its last line has no end");
    }
    return {};
}

Status ExportFile::cut_torn_line(std::uint64_t size) {
    if (torn_ == 0) return {};
    if (after_ == 0) return no_export(path_, "its last line is none of an export's"); // somebody's file: left as it is
    if (::ftruncate(fd_.get(), static_cast<off_t>(size - torn_)) != 0) return fail_errno("cutting " + path_);
    return {};
}

// Whoever put another file in its place keeps that one.
bool ExportFile::remove_if_empty() {
    struct stat own{}, named{};
    if (!made_ || ::fstat(fd_.get(), &own) != 0 || own.st_size != 0) return false;
    if (::lstat(path_.c_str(), &named) != 0 || named.st_dev != own.st_dev || named.st_ino != own.st_ino) return false;
    made_ = false;
    return ::unlink(path_.c_str()) == 0;
}

Status ExportFile::write(std::string_view lines) {
    while (!lines.empty()) {
        const auto count = ::write(fd_.get(), lines.data(), lines.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return fail_errno("writing to " + path_);
        lines.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

Status ExportFile::sync() {
    if (::fsync(fd_.get()) != 0) return fail_errno("writing to " + path_);
    return {};
}

} // namespace owhale::cli
