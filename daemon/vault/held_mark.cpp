#include "vault/held_mark.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "base/files.hpp"

namespace owhale::vault {
namespace {

std::string path_in(const std::string& state_dir) {
    return state_dir + "/vault.holds-secrets";
}

std::unexpected<Error> unwritable(const std::string& path) {
    return std::unexpected(Error{Code::state_unavailable,
                                 path + " cannot be written",
                                 "check the state folder, and whether its disk is full",
                                 errno,
                                 {}});
}

} // namespace

bool holds_secrets(const std::string& state_dir) {
    struct stat st{};
    return ::lstat(path_in(state_dir).c_str(), &st) == 0 || errno != ENOENT;
}

Status mark_held(const std::string& state_dir, bool held) {
    const auto path = path_in(state_dir);
    if (holds_secrets(state_dir) == held) return {};
    if (!held) return ::unlink(path.c_str()) == 0 ? Status{} : unwritable(path);
    const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) return unwritable(path);
    return sync_folder(state_dir);
}

} // namespace owhale::vault
