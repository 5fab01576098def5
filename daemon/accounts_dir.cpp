#include "accounts_dir.hpp"

#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "sandbox/plan.hpp"

namespace owhale {
namespace {

constexpr mode_t kMode = 01770;

std::unexpected<Error> unusable(const std::string& path, std::string why, std::string next, int errnum = 0) {
    return std::unexpected(Error{
        Code::config_invalid, "the accounts' folder " + path + " " + std::move(why), std::move(next), errnum, {}});
}

bool within(const std::string& path, const std::string& folder) {
    return path == folder || path.starts_with(folder + "/");
}

// What no cage may show cannot hold a workspace.
Status check_place(const config::Settings& settings) {
    for (const auto& own : {settings.state_dir, settings.runtime_dir})
        if (within(settings.accounts_dir, own) || within(own, settings.accounts_dir))
            return unusable(settings.accounts_dir, "and " + own + " lie one in the other, and no cage shows that one",
                            "name another --accounts-dir");
    return {};
}

} // namespace

Status ensure_accounts_dir(const config::Settings& settings) {
    const auto& path = settings.accounts_dir;
    CHECK(check_place(settings));
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
    if (error || (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST))
        return unusable(path, "cannot be made", "make it, or name another --accounts-dir",
                        error ? error.value() : errno);
    const Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat st{};
    if (!fd || ::fstat(fd.get(), &st) != 0)
        return unusable(path, "cannot be opened", "name the folder itself, not a link to it", errno);
    const bool strangers =
        (st.st_mode & S_IRWXO) != 0 || ((st.st_mode & S_IRWXG) != 0 && st.st_gid != wire::kAccountsGid);
    if (st.st_uid != 0 || strangers)
        return unusable(
            path, st.st_uid != 0 ? "belongs to uid " + std::to_string(st.st_uid) : "is open to others",
            "it may hold what they put there: name another --accounts-dir, or look into it, then chown root:" +
                std::to_string(wire::kAccountsGid) + " and chmod 1770");
    if (::fchown(fd.get(), 0, wire::kAccountsGid) != 0 || ::fchmod(fd.get(), kMode) != 0)
        return unusable(path, "cannot be given to the accounts", "", errno);
    return {};
}

} // namespace owhale
