#include "sandbox/workspace.hpp"

#include "checks.hpp"
#include "tables.hpp"

using namespace owhale;
using namespace owhale::sandbox;

namespace {

constexpr std::uint32_t kMe = 1000, kOther = 1001;
const Tables tables = test::small_tables();

WorkspaceRules rules() {
    return {tables, "/home/me", kMe, {"/var/lib/owhaled", "/run/owhaled"}, true};
}

Judgement of(std::string_view path, std::uint32_t uid = kMe, bool named = false) {
    return judge(path, uid, named, rules());
}

} // namespace

TEST_CASE(
    "what is registered is writable in strict mode, with what lies in it, and nothing that never is a workspace") {
    auto strict = rules();
    strict.own_folder_is_workspace = false;
    strict.registered = {"/home/me/p", "/home/me/.dot/q", "/srv/theirs", "/etc", "/home/me"};
    CHECK(judge("/home/me/p", kMe, false, strict).access == Access::writable);
    CHECK(judge("/home/me/p/deep/er", kMe, false, strict).access == Access::writable);
    CHECK(judge("/home/me/.dot/q", kMe, false, strict).access == Access::writable);
    CHECK(judge("/srv/theirs", kOther, true, strict).access == Access::readonly); // whoever owns it
    CHECK(judge("/etc", kMe, true, strict).access == Access::hidden);
    CHECK(judge("/home/me", kMe, true, strict).access == Access::hidden);
    strict.registered = {"/home/me/p"};
    CHECK(judge("/home/me/p2", kMe, true, strict).access == Access::readonly);
    CHECK(judge("/home/me", kMe, true, strict).access == Access::hidden);
    CHECK(judge("/home/me/p", kOther, true, strict).access == Access::readonly);
}

TEST_CASE("which folder may be seen and written") {
    struct Row {
        const char* path;
        std::uint32_t uid;
        Access access;
    };
    for (const auto& [path, uid, access] : {
             Row{"/home/me/project", kMe, Access::writable},
             Row{"/home/me/a/b/c", kMe, Access::writable},
             Row{"/srv/site", kMe, Access::writable},
             Row{"/opt/mine", kMe, Access::writable},
             Row{"/tmp/work", kMe, Access::writable},
             Row{"/var/tmp/work", kMe, Access::writable},
             Row{"/var/www/site", kMe, Access::writable},
             Row{"/", kMe, Access::hidden},
             Row{"/home", kMe, Access::hidden},    // an ancestor of the home
             Row{"/home/me", kMe, Access::hidden}, // the home itself
             Row{"/home/me/.config", kMe, Access::hidden},
             Row{"/home/me/.ssh", kMe, Access::hidden},
             Row{"/home/me/.ssh/keys", kMe, Access::hidden},
             Row{"/home/me/.config/gh", kMe, Access::hidden},
             Row{"/home/me/.config/nvim", kMe, Access::readonly},
             Row{"/home/other", kOther, Access::hidden}, // somebody else's home
             Row{"/home/other/shared", kOther, Access::readonly},
             Row{"/tmp", kMe, Access::hidden}, // the box has its own
             Row{"/usr/src/x", kMe, Access::hidden},
             Row{"/etc", 0, Access::hidden},
             Row{"/run/user/1000", kMe, Access::hidden},
             Row{"/proc/1", kMe, Access::hidden},
             Row{"/var/log", 0, Access::readonly},
             Row{"/var/lib/app", kMe, Access::readonly},
             Row{"/srv", kMe, Access::readonly},
             Row{"/var/lib/owhaled", kMe, Access::hidden},
             Row{"/var/lib/owhaled/runs", kMe, Access::hidden},
             Row{"/var/lib", kMe, Access::hidden}, // owhaled's state lies in it
             Row{"/data/theirs", kOther, Access::readonly},
         }) {
        CAPTURE(path);
        CHECK_EQ(of(path, uid).access, access);
        CHECK_EQ(of(path, uid).reason.empty(), access == Access::writable);
    }
}

TEST_CASE("a folder that is none by itself is told so, though owhaled's own files lie in it") {
    const WorkspaceRules inside{tables, "/home/me", kMe, {"/home/me/whale/state"}, true};
    CHECK_EQ(judge("/", 0, false, inside).reason, "it is the root folder");
    CHECK_EQ(judge("/home/me", kMe, false, inside).reason, "it is your home itself");
    CHECK_EQ(judge("/home/me/whale", kMe, false, inside).reason,
             "owhaled's own files lie in it (/home/me/whale/state)");
    CHECK_EQ(judge("/home/me/whale/state/x", kMe, true, inside).reason, "it belongs to owhaled itself");
}

TEST_CASE("a name that begins like a system folder is none") {
    CHECK_EQ(of("/usrlocal/x").access, Access::writable);
    CHECK_EQ(of("/home/mean").access, Access::writable);
}

TEST_CASE("a named workspace may lie in a dot-folder, but not be one, nor hold credentials") {
    CHECK_EQ(of("/home/me/.config/nvim", kMe, true).access, Access::writable);
    CHECK_EQ(of("/home/me/.config", kMe, true).access, Access::hidden);
    CHECK_EQ(of("/home/me/.ssh/x", kMe, true).access, Access::hidden);
}

TEST_CASE("root's home is a home like any other") {
    const WorkspaceRules root{tables, "/root", 0, {}, true};
    CHECK_EQ(judge("/root", 0, false, root).access, Access::hidden);
    CHECK_EQ(judge("/root/x", 0, false, root).access, Access::writable);
    CHECK_EQ(judge("/home/me/x", kMe, false, root).access, Access::readonly);
}

TEST_CASE("strict: nothing is writable unless registered") {
    auto strict = rules();
    strict.own_folder_is_workspace = false;
    CHECK_EQ(judge("/home/me/project", kMe, false, strict).access, Access::readonly);
}

TEST_CASE("the git top level is the workspace, and the cwd when that is refused") {
    const auto inside = decide_workspace({"/home/me/p/src", "/home/me/p", kMe, kMe, false}, rules());
    CHECK(inside.writable);
    CHECK_EQ(inside.path, "/home/me/p");
    const auto dotfiles = decide_workspace({"/home/me/p", "/home/me", kMe, kMe, false}, rules());
    CHECK(dotfiles.retry_with_cwd);
    const auto home = decide_workspace({"/home/me", "/home/me", kMe, kMe, false}, rules());
    CHECK_FALSE(home.writable);
    CHECK_EQ(home.path, "");
    CHECK_EQ(home.reason, "it is your home itself");
}

TEST_CASE("somebody else's folder is shown read-only") {
    const auto theirs = decide_workspace({"/data/theirs/x", "/data/theirs", kOther, kOther, false}, rules());
    CHECK_FALSE(theirs.writable);
    CHECK_EQ(theirs.path, "/data/theirs");
    CHECK_EQ(theirs.reason, "it belongs to uid 1001");
}

TEST_CASE("a named workspace that is refused is an error, not a downgrade") {
    CHECK(decide_workspace({"/home/me/p", "/home/me", kMe, kMe, true}, rules()).refused);
    CHECK(decide_workspace({"/home/me/p", "/data/theirs", kMe, kOther, true}, rules()).refused);
    const auto beside = decide_workspace({"/home/me/q", "/home/me/p", kMe, kMe, true}, rules());
    CHECK(beside.writable);
    CHECK_EQ(beside.path, "/home/me/p");
    CHECK_EQ(beside.cwd, Access::readonly);
}
