#include "sandbox/mount_list.hpp"

#include <algorithm>
#include <sys/stat.h>

#include "checks.hpp"
#include "sandbox/paths.hpp"
#include "tables.hpp"

using namespace owhale;
using namespace owhale::sandbox;
using wire::kMountPin;
using wire::kMountWritable;
using wire::MountKind;

namespace {

// A home with one toolchain, and a repository in it with hooks and .vscode.
struct Scene {
    Tables tables = test::small_tables();
    Profile profile;
    Probes probes;
    Resolution resolution;
    Decision decision;
    GitOutside git;

    Scene() {
        profile.toolchains = {".cargo/bin", ".nvm"};
        probes = make_probes(profile, tables, "");
        resolution.cwd = "/home/me/p/src";
        resolution.workspace = "/home/me/p";
        resolution.home = "/home/me";
        resolution.git = "/home/me/p/.git";
        resolution.probes.resize(probes.rows.size());
        for (auto& fact : resolution.probes) fact.err = ENOENT;
        exists(wire::kBaseHome, ".cargo/bin", S_IFDIR);
        exists(wire::kBaseWorkspace, ".git", S_IFDIR);
        exists(wire::kBaseGit, "hooks", S_IFDIR, Purpose::protected_file);
        exists(wire::kBaseGit, "config", S_IFREG, Purpose::protected_file);
        exists(wire::kBaseWorkspace, ".vscode", S_IFDIR);
        decision.path = "/home/me/p";
        decision.writable = true;
    }
    void exists(wire::ProbeBase base, std::string_view path, unsigned type, std::optional<Purpose> purpose = {}) {
        for (std::size_t i = 0; i < probes.rows.size(); ++i) {
            const auto& row = probes.rows[i];
            if (row.base == base && row.path == path && (!purpose || row.purpose == *purpose))
                resolution.probes[i].mode = type | 0755;
        }
    }
    MountList list() const {
        return make_mounts({profile, tables, probes, resolution, decision, git, "/home/me", "[user]\n", "", ""});
    }
};

const Mount* on(const MountList& list, std::string_view target) {
    const Mount* last = nullptr;
    for (const auto& mount : list.mounts)
        if (mount.target == target) last = &mount;
    return last;
}

std::size_t position(const MountList& list, std::string_view target) {
    const auto* mount = on(list, target);
    return mount == nullptr ? list.mounts.size() : static_cast<std::size_t>(mount - list.mounts.data());
}

} // namespace

TEST_CASE("the view of a repository below the home") {
    const Scene scene;
    const auto list = scene.list();
    CHECK_EQ(list.cwd, "/home/me/p/src");
    CHECK_EQ(on(list, "/home/me")->source, "home");
    CHECK_EQ(on(list, "/home/me/.cargo/bin")->flags & kMountWritable, 0);
    CHECK_EQ(on(list, "/home/me/.nvm"), nullptr); // not there
    CHECK_EQ(on(list, "/home/me/p")->source, "workspace");
    CHECK_NE(on(list, "/home/me/p")->flags & kMountWritable, 0);
    CHECK_LT(position(list, "/home/me"), position(list, "/home/me/p"));
    CHECK(list.view.shows("/home/me/.cargo/bin/cargo"));
    CHECK(list.view.shows("/usr/bin/git"));
    CHECK_FALSE(list.view.shows("/srv/other"));
}

TEST_CASE("protected files are pinned, their ancestors first") {
    const Scene scene;
    const auto list = scene.list();
    const auto* config = on(list, "/home/me/p/.git/config");
    REQUIRE(config != nullptr);
    CHECK_EQ(config->flags, kMountPin);
    CHECK_EQ(on(list, "/home/me/p/.git/hooks")->flags, kMountPin);
    CHECK_EQ(on(list, "/home/me/p/.vscode")->flags, kMountPin);
    CHECK_EQ(on(list, "/home/me/p/.git")->flags, kMountPin | kMountWritable);
    CHECK_LT(position(list, "/home/me/p"), position(list, "/home/me/p/.git"));
    CHECK_LT(position(list, "/home/me/p/.git"), position(list, "/home/me/p/.git/config"));
    CHECK_EQ(on(list, "/home/me/p/.envrc"), nullptr);
    CHECK_NE(std::find(list.absent.begin(), list.absent.end(), "/home/me/p/.envrc"), list.absent.end());
    CHECK_EQ(std::count_if(list.mounts.begin(), list.mounts.end(),
                           [](const Mount& m) { return m.target == "/home/me/p/.git"; }),
             1);
}

TEST_CASE("a protected name that is a link cannot be pinned, and is said") {
    Scene scene;
    scene.exists(wire::kBaseWorkspace, ".envrc", S_IFLNK);
    const auto list = scene.list();
    CHECK_EQ(on(list, "/home/me/p/.envrc"), nullptr);
    CHECK_EQ(list.unpinned, std::vector<std::string>{"/home/me/p/.envrc"});
}

TEST_CASE("a read-only workspace needs no pins") {
    Scene scene;
    scene.decision.writable = false;
    const auto list = scene.list();
    CHECK_EQ(on(list, "/home/me/p")->flags & kMountWritable, 0);
    CHECK(list.pinned.empty());
    CHECK(list.absent.empty());
}

TEST_CASE("a worktree's own folder and the common one are writable, but no settings, and no other worktree's") {
    Scene scene;
    scene.resolution.git = "/srv/repo/.git/worktrees/w";
    scene.resolution.git_common = "/srv/repo/.git";
    scene.exists(wire::kBaseWorkspace, ".git", S_IFREG);
    scene.exists(wire::kBaseGitCommon, "", S_IFDIR);
    scene.exists(wire::kBaseGitCommon, "config", S_IFREG);
    scene.exists(wire::kBaseGit, "", S_IFDIR);
    scene.git = {GitOutside::worktree, scene.resolution.git, scene.resolution.git_common};
    const auto list = scene.list();
    CHECK_NE(on(list, "/srv/repo/.git")->flags & kMountWritable, 0);
    CHECK_EQ(on(list, "/srv/repo/.git/config")->flags, kMountPin);
    CHECK_EQ(on(list, "/srv/repo/.git/worktrees")->flags & kMountWritable, 0);
    CHECK_LT(position(list, "/srv/repo/.git/worktrees"), position(list, "/srv/repo/.git/worktrees/w"));
    CHECK_NE(on(list, "/srv/repo/.git/worktrees/w")->flags & kMountWritable, 0);
    CHECK_EQ(on(list, "/home/me/p/.git")->flags, kMountPin); // it may not be pointed elsewhere
    scene.git.writable = false;                              // outside of a token's folder
    const auto held = scene.list();
    for (const auto* path : {"/srv/repo/.git", "/srv/repo/.git/worktrees/w"})
        CHECK_EQ(on(held, path)->flags & kMountWritable, 0);
    CHECK_EQ(on(held, "/srv/repo/.git/config"), nullptr);
    CHECK_EQ(on(held, "/home/me/p/.git")->flags, kMountPin);
    scene.git.kind = GitOutside::unproven;
    CHECK_EQ(on(scene.list(), "/srv/repo/.git"), nullptr);
}

TEST_CASE("a .git file that names a stranger's folder is not believed") {
    Scene scene;
    const WorkspaceRules rules{scene.tables, "/home/me", 1000, {}, true};
    auto& at = scene.resolution;
    at.workspace = "/home/me/p";
    at.git = "/srv/repo/.git/worktrees/w";
    at.git_common = "/srv/repo/.git";
    at.facts.git.uid = at.facts.git_common.uid = 1000;
    CHECK_EQ(classify_git(at, rules, "/home/me/p/.git\n", "").kind, GitOutside::worktree);
    CHECK_EQ(classify_git(at, rules, "/home/me/q/.git\n", "").kind, GitOutside::unproven);
    CHECK_EQ(classify_git(at, rules, "", "").kind, GitOutside::unproven);
    at.facts.git.uid = 1001;
    CHECK_EQ(classify_git(at, rules, "/home/me/p/.git\n", "").kind, GitOutside::unproven);
    at.facts.git.uid = 1000;
    at.git = "/srv/elsewhere/w"; // not below the common folder's worktrees
    CHECK_EQ(classify_git(at, rules, "/home/me/p/.git\n", "").kind, GitOutside::unproven);
    at.git = "/home/me/.ssh";
    at.git_common = "";
    CHECK_EQ(classify_git(at, rules, "", "[core]\n\tworktree = /home/me/p\n").kind, GitOutside::unproven);
}

TEST_CASE("a submodule's git folder names it by core.worktree") {
    Scene scene;
    const WorkspaceRules rules{scene.tables, "/home/me", 1000, {}, true};
    auto& at = scene.resolution;
    at.workspace = "/home/me/p/sub";
    at.git = "/home/me/p/.git/modules/sub";
    at.facts.git.uid = 1000;
    CHECK_EQ(classify_git(at, rules, "", "[core]\n\tworktree = ../../../sub\n").kind, GitOutside::submodule);
    CHECK_EQ(classify_git(at, rules, "", "[core]\n\tworktree = ../../../other\n").kind, GitOutside::unproven);
}

TEST_CASE("a working folder that nothing shows is an empty one of that name") {
    Scene scene;
    scene.decision = {};
    scene.resolution.cwd = "/home/me/.config";
    auto list = scene.list();
    CHECK_EQ(on(list, "/home/me/.config")->kind, MountKind::tmpfs);
    scene.resolution.cwd = "/home/me";
    list = scene.list();
    CHECK_EQ(on(list, "/home/me")->kind, MountKind::box);
    scene.resolution.cwd = "/proc/1";
    CHECK_EQ(scene.list().cwd, "/");
}

TEST_CASE("paths as text") {
    CHECK(is_within("/a/b", "/a"));
    CHECK(is_within("/a", "/a"));
    CHECK_FALSE(is_within("/ab", "/a"));
    CHECK(is_within("/x", "/"));
    CHECK(is_clean_absolute("/"));
    CHECK(is_clean_absolute("/a/b"));
    for (const auto* bad : {"", "a", "/a/", "//a", "/a/../b", "/a/.", "/a//b"}) CHECK_FALSE(is_clean_absolute(bad));
    CHECK_EQ(join("/", "a"), "/a");
    CHECK_EQ(join("/a", "b"), "/a/b");
    CHECK_EQ(parent("/a"), "/");
    CHECK_EQ(split_search_path(":/a::/b:"), std::vector<std::string>{"/a", "/b"});
}
