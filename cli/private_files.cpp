#include "cli/private_files.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <initializer_list>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "cli/whole_files.hpp"

namespace owhale::cli {
namespace {

constexpr auto kElsewhere = "set HOME (or XDG_STATE_HOME) to a folder of your own, or give the token in OWHALE_TOKEN";

std::string absolute_variable(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value == '/' ? value : "";
}

// Of the nearest folder that is there. What root keeps below another's folder lies wherever that one's links lead.
bool is_strangers(const std::string& path) {
    struct stat link{}, found{};
    if (::lstat(path.c_str(), &link) != 0) return path != "/" && is_strangers(parent_of(path));
    return link.st_uid != 0 || ::stat(path.c_str(), &found) != 0 || found.st_uid != 0;
}

std::string home_by_account() {
    const passwd* account = ::getpwuid(::geteuid());
    return account != nullptr && account->pw_dir[0] == '/' ? account->pw_dir : "";
}

std::string home() {
    auto path = absolute_variable("HOME");
    return path.empty() ? home_by_account() : path;
}

std::unexpected<Error> unsafe(const std::string& path, const std::string& why) {
    return fail(Code::unauthenticated, path + " " + why + ": it was not used",
                "look at it, remove it (rm " + path + "), and log in again: owhalectl login");
}

std::string owner(uid_t uid) {
    return "belongs to uid " + std::to_string(uid) + ", not to you (uid " + std::to_string(::geteuid()) + ")";
}

Status check_folder(const std::string& path) {
    struct stat found{};
    if (::lstat(path.c_str(), &found) != 0) return fail_errno(path);
    if (!S_ISDIR(found.st_mode)) return fail_errno(path, ENOTDIR);
    if (found.st_uid != ::geteuid()) return fail(Code::unauthenticated, path + " " + owner(found.st_uid), kElsewhere);
    if ((found.st_mode & 022) != 0)
        return fail(Code::unauthenticated, path + " can be written by others", "chmod 700 " + path);
    return {};
}

// From the nearest folder that is there downwards.
Status make_folders(const std::string& path) {
    struct stat found{};
    if (::stat(path.c_str(), &found) == 0) {
        if (found.st_uid == ::geteuid() || found.st_uid == 0) return {};
        return fail(Code::unauthenticated, path + " " + owner(found.st_uid) + ": nothing is kept there", kElsewhere);
    }
    if (errno != ENOENT || path == "/") return fail_errno(path);
    CHECK(make_folders(parent_of(path)));
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno("making " + path);
    return {};
}

// For root no link, and nobody else's folder, leads there.
Result<std::string> below(std::string path, std::initializer_list<const char*> names) {
    for (const auto* name : names) {
        (path += '/') += name;
        struct stat found{};
        if (::lstat(path.c_str(), &found) != 0) continue;
        if (S_ISLNK(found.st_mode)) return unsafe(path, "is a link");
        if (found.st_uid != 0) return fail(Code::unauthenticated, path + " " + owner(found.st_uid), kElsewhere);
    }
    return path;
}

Result<std::string> read_bounded(int fd, const std::string& path, std::size_t most) {
    auto text = TRY(read_all(fd, path, most));
    if (!text) return unsafe(path, "is over " + std::to_string(most) + " bytes");
    return *std::move(text);
}

} // namespace

Result<std::string> private_folder() {
    if (const auto state = absolute_variable("XDG_STATE_HOME"); !state.empty()) return state + "/owhaled/client";
    if (const auto path = home(); !path.empty()) return path + "/.local/state/owhaled/client";
    return fail(Code::system, "you have no home folder", kElsewhere);
}

Result<std::string> own_folder() {
    if (::geteuid() != 0) return private_folder();
    if (const auto state = absolute_variable("XDG_STATE_HOME"); !state.empty() && !is_strangers(state))
        return below(state, {"owhaled", "client"});
    const auto named = home();
    const auto path = named.empty() || is_strangers(named) ? home_by_account() : named;
    if (path.empty()) return fail(Code::system, "root has no home folder", kElsewhere);
    return below(path, {".local", "state", "owhaled", "client"});
}

Result<std::optional<std::string>> read_private(const std::string& path, std::size_t most) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
    if (!file && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
    if (!file && errno == ELOOP) return unsafe(path, "is a link");
    if (!file) return fail_errno(path);
    struct stat found{};
    if (::fstat(file.get(), &found) != 0) return fail_errno(path);
    if (!S_ISREG(found.st_mode)) return unsafe(path, "is no plain file");
    if (found.st_uid != ::geteuid()) return unsafe(path, owner(found.st_uid));
    if ((found.st_mode & 077) != 0) return unsafe(path, "can be read or written by others");
    return TRY(read_bounded(file.get(), path, most));
}

Result<std::string> read_handed(const std::string& path, std::size_t most) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file)
        return fail(Code::unauthenticated, path + ": " + ::strerror(errno), "name a file of your own that is there");
    struct stat found{};
    if (::fstat(file.get(), &found) != 0) return fail_errno(path);
    std::string why;
    if (!S_ISREG(found.st_mode))
        why = "is no plain file";
    else if (found.st_uid != ::geteuid() && found.st_uid != 0)
        why = owner(found.st_uid);
    else if ((found.st_mode & 077) != 0)
        why = "can be read or written by others";
    if (!why.empty())
        return fail(Code::unauthenticated, path + " " + why + ": it was not used",
                    "make it a plain file of your own: chmod 600 " + path);
    return read_bounded(file.get(), path, most);
}

Status write_private(const std::string& path, std::string_view text) {
    const auto folder = parent_of(path);
    CHECK(make_folders(folder));
    CHECK(check_folder(folder));
    return replace_file(path, text);
}

Result<bool> remove_private(const std::string& path) {
    if (::unlink(path.c_str()) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return fail_errno("removing " + path);
}

} // namespace owhale::cli
