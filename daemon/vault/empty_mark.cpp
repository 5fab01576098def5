#include "vault/empty_mark.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "base/files.hpp"
#include "base/log.hpp"

namespace owhale::vault {
namespace {

bool is_there(const std::string& path) {
    struct stat st{};
    return ::lstat(path.c_str(), &st) == 0;
}

} // namespace

bool may_make_key(const std::string& state_dir) {
    if (is_there(state_dir + "/vault.empty")) return true;
    return !is_there(state_dir + "/state.db") && errno == ENOENT;
}

void EmptyMark::put() {
    if (is_there(path())) return;
    gone_ = false;
    const Fd fd(::open(path().c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    const auto made = fd ? sync_folder(state_dir_) : fail_errno("it cannot be made");
    if (!made)
        log::warning("the mark that the vault is empty is missing: no key is made while it is",
                     {{"file", path()}, {"why", to_line(made.error())}});
}

Status EmptyMark::remove() {
    if (::unlink(path().c_str()) == 0)
        gone_ = false;
    else if (errno != ENOENT)
        return std::unexpected(Error{Code::state_unavailable,
                                     path() + " says that the vault is empty, and cannot be removed",
                                     "remove it; then store the secret again",
                                     errno,
                                     {}});
    if (gone_) return {};
    if (auto kept = sync_folder(state_dir_); !kept) {
        kept.error().code = Code::state_unavailable;
        kept.error().next = "check the state folder and its disk; then store the secret again";
        return kept;
    }
    gone_ = true;
    return {};
}

} // namespace owhale::vault
