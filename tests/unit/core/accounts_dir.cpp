// The folder of the accounts' folders: root's, closed to all but them.
#include "accounts_dir.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "checks.hpp"
#include "folder.hpp"
#include "sandbox/plan.hpp"

using namespace owhale;

namespace {

const bool am_root = ::geteuid() == 0;

config::Settings with_accounts(const test::Folder& folder, const std::string& name) {
    config::Settings settings;
    settings.state_dir = folder / "state";
    settings.runtime_dir = folder / "run";
    settings.accounts_dir = folder / name;
    return settings;
}

bool is_right(const std::string& path) {
    struct stat st{};
    return ::lstat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == 0 &&
           st.st_gid == wire::kAccountsGid && (st.st_mode & 07777) == 01770;
}

} // namespace

TEST_CASE("it is made, and stays as it is") {
    if (!am_root) return; // only root has accounts
    const test::Folder folder;
    const auto settings = with_accounts(folder, "a/b/accounts");
    REQUIRE(ensure_accounts_dir(settings));
    CHECK(is_right(settings.accounts_dir));
    CHECK(ensure_accounts_dir(settings));
    CHECK(is_right(settings.accounts_dir));
}

TEST_CASE("a folder that others could have put something into is not taken") {
    if (!am_root) return;
    const test::Folder folder;
    const auto settings = with_accounts(folder, "accounts");
    const auto* path = settings.accounts_dir.c_str();
    REQUIRE_EQ(::mkdir(path, 0700), 0);
    struct Row {
        uid_t uid;
        gid_t gid;
        mode_t mode;
        bool taken;
    };
    for (const auto& [uid, gid, mode, taken] :
         {Row{0, 0, 0700, true}, Row{1000, 0, 0700, false}, Row{0, 0, 0755, false}, Row{0, 0, 01777, false},
          Row{0, 1000, 0770, false}, Row{0, wire::kAccountsGid, 01770, true}}) {
        CAPTURE(mode);
        REQUIRE_EQ(::chown(path, uid, gid), 0);
        REQUIRE_EQ(::chmod(path, mode), 0);
        const auto done = ensure_accounts_dir(settings);
        CHECK_EQ(done.has_value(), taken);
        if (!done) CHECK_FALSE(done.error().next.empty());
    }
    ::rmdir(path);
    REQUIRE_EQ(::symlink("/tmp", path), 0);
    CHECK_FALSE(ensure_accounts_dir(settings));
}

TEST_CASE("it is neither in what no cage shows, nor around it") {
    const test::Folder folder;
    for (const auto* name : {"state/accounts", "run/accounts", "state", "."}) {
        CAPTURE(name);
        auto settings = with_accounts(folder, name);
        if (std::string(name) == ".") settings.accounts_dir = folder.path();
        const auto done = ensure_accounts_dir(settings);
        REQUIRE_FALSE(done);
        CHECK_EQ(done.error().code, Code::config_invalid);
    }
}
