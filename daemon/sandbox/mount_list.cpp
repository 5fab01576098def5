#include "sandbox/mount_list.hpp"

#include <algorithm>
#include <set>
#include <sys/stat.h>

#include "sandbox/paths.hpp"

namespace owhale::sandbox {
namespace {

using wire::kMountOptional;
using wire::kMountPin;
using wire::kMountWritable;
using wire::MountKind;
using enum wire::ProbeBase;

// Below these a folder of the cage cannot be made, or must not be.
constexpr std::array<std::string_view, 3> kKernelFolders = {"/proc", "/sys", "/dev"};

constexpr std::size_t kMaxDepthOfPins = 32; // mounts that one more pin may take, its folders' included

class Builder {
public:
    explicit Builder(const MountFacts& facts) : facts_(facts) {}

    MountList build() {
        out_.view.folders = facts_.tables.system;
        add_system();
        add_account();
        add_box();
        add_toolchains();
        add_state();
        add_git_settings();
        add_workspace();
        add_git_folders();
        add_cwd();
        add_pins();
        add_nested_pins();
        find_sockets();
        if (!facts_.file_path.empty()) add(MountKind::file, 0, facts_.file_text, facts_.file_path);
        return std::move(out_);
    }

private:
    void add(MountKind kind, std::uint32_t flags, std::string source, std::string target) {
        out_.mounts.push_back({kind, flags, std::move(source), std::move(target)});
    }

    void add_system() {
        for (const auto& path : facts_.profile.system) {
            add(MountKind::system, kMountOptional, path, path);
            out_.view.folders.push_back(path);
        }
    }

    // A uid without a name of its own (root's runs have one that is reserved) breaks whoever asks for it. Other names
    // mean nothing in a cage: its user namespace knows this one uid.
    void add_account() {
        const auto& at = facts_.resolution;
        if (at.facts.uid == at.facts.owner_uid && !at.nameless) return;
        if (at.user.empty() || at.user.find_first_of(":\n") != std::string::npos) return;
        const auto uid = std::to_string(at.facts.uid), gid = std::to_string(at.facts.gid);
        const auto home = facts_.home.empty() ? std::string("/tmp") : facts_.home;
        auto passwd = at.user + ":x:" + uid + ":" + gid + "::" + home +
                      ":/bin/sh\nnobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n";
        auto group = at.user + ":x:" + gid + ":\nnogroup:x:65534:\n";
        add(MountKind::file, 0, std::move(passwd), "/etc/passwd");
        add(MountKind::file, 0, std::move(group), "/etc/group");
    }

    void add_box() {
        add(MountKind::box, kMountWritable, "tmp", "/tmp");
        add(MountKind::box, kMountWritable, "tmp", "/var/tmp");
        add(MountKind::box, kMountWritable, "shm", "/dev/shm");
        out_.view.private_ = {"/tmp", "/var/tmp", "/dev/shm"};
        if (facts_.home.empty()) return;
        add(MountKind::box, kMountWritable, "home", facts_.home);
        out_.view.private_.push_back(facts_.home);
    }

    void add_toolchains() {
        if (facts_.home.empty()) return;
        for (std::size_t i = 0; i < facts_.probes.rows.size(); ++i) {
            const auto& row = facts_.probes.rows[i];
            if (row.purpose != Purpose::toolchain || Probes::fact(facts_.resolution, i).mode == 0) continue;
            auto target = join(facts_.home, row.path);
            out_.view.folders.push_back(target);
            add(MountKind::resolved, kMountOptional, std::to_string(i), std::move(target));
        }
    }

    // Over the private home; everything else of it stays the box's own.
    void add_state() {
        if (facts_.home.empty()) return;
        const auto owner = facts_.resolution.facts.owner_uid;
        for (std::size_t i = 0; i < facts_.probes.rows.size(); ++i) {
            const auto& row = facts_.probes.rows[i];
            if (row.purpose == Purpose::toolchain) note_readonly(row.path, Probes::fact(facts_.resolution, i));
            if (row.purpose != Purpose::state) continue;
            const auto fact = Probes::fact(facts_.resolution, i);
            auto target = join(facts_.home, row.path);
            // Root's own is not for a uid that all of root's runs share: the spawner would refuse it.
            if (fact.mode == 0 || fact.uid != owner || owner == 0) {
                out_.stateless.push_back(std::move(target));
                continue;
            }
            out_.state.push_back(target + ", writable");
            out_.view.folders.push_back(target);
            add(MountKind::resolved, kMountWritable | kMountOptional, std::to_string(i), std::move(target));
        }
    }

    void note_readonly(const std::string& path, const wire::PathFact& fact) {
        const auto& own = facts_.profile.state_readonly;
        if (fact.mode == 0 || std::ranges::find(own, path) == own.end()) return;
        out_.state.push_back(join(facts_.home, path) + ", read-only");
    }

    void add_git_settings() {
        if (facts_.home.empty() || facts_.git_settings.empty()) return;
        add(MountKind::file, 0, facts_.git_settings, join(facts_.home, ".gitconfig"));
    }

    void add_workspace() {
        const auto& decision = facts_.decision;
        if (decision.path.empty()) return;
        const bool is_cwd = decision.path == facts_.resolution.cwd && decision.path != facts_.resolution.workspace;
        add(MountKind::resolved, decision.writable ? kMountWritable : 0u, is_cwd ? "cwd" : "workspace", decision.path);
        out_.view.folders.push_back(decision.path);
    }

    void add_probe(Purpose purpose, wire::ProbeBase base, std::string_view path, std::uint32_t flags,
                   std::string target) {
        const auto index = facts_.probes.find(purpose, base, path);
        if (!index || Probes::fact(facts_.resolution, *index).mode == 0) return;
        add(MountKind::resolved, flags | kMountOptional, std::to_string(*index), std::move(target));
    }

    // A worktree writes its own folder and the common one: objects, refs, packed-refs. Other worktrees' and submodules'
    // folders in that have settings of their own, and are read-only.
    void add_git_folders() {
        const auto& git = facts_.git;
        if (facts_.decision.path.empty()) return;
        const auto writable = facts_.decision.writable && git.writable ? kMountWritable : 0u;
        if (git.kind == GitOutside::worktree) {
            add_probe(Purpose::git_common, kBaseGitCommon, "", writable, git.common);
            for (const auto* part : {"worktrees", "modules"})
                if (writable != 0) add(MountKind::mask, kMountPin | kMountOptional, "", join(git.common, part));
        }
        if (git.kind == GitOutside::worktree || git.kind == GitOutside::submodule) {
            add_probe(Purpose::git_outside, kBaseGit, "", writable, git.git);
            out_.view.folders.push_back(git.git);
        }
    }

    // The working folder where nothing of the above shows it: an empty one of the same name.
    void add_cwd() {
        const auto& cwd = facts_.resolution.cwd;
        out_.cwd = cwd;
        if (facts_.decision.cwd == Access::readonly && !is_within(cwd, facts_.decision.path)) {
            add(MountKind::resolved, 0, "cwd", cwd);
            out_.view.folders.push_back(cwd);
            return;
        }
        const bool there = cwd == "/" || is_within_any(cwd, out_.view.folders) || cwd == "/tmp" || cwd == "/var/tmp" ||
                           cwd == facts_.home || is_within(facts_.home, cwd);
        if (there) return;
        for (const auto folder : kKernelFolders)
            if (is_within(cwd, folder)) {
                out_.cwd = "/";
                return;
            }
        add(MountKind::tmpfs, kMountWritable, "", cwd);
    }

    // Read-only in place. Every folder between it and `root` becomes a mount point too, or it could be renamed away.
    void pin(const std::string& root, std::string_view relative, std::uint32_t flags = 0) {
        if (out_.mounts.size() + kMaxDepthOfPins > wire::kMaxMounts) {
            out_.scan_complete = false;
            return;
        }
        for (auto slash = relative.find('/'); slash != std::string_view::npos; slash = relative.find('/', slash + 1)) {
            const auto folder = join(root, relative.substr(0, slash));
            if (pinned_folders_.insert(folder).second)
                add(MountKind::mask, kMountPin | kMountWritable | flags, "", folder);
        }
        const auto file = join(root, relative);
        add(MountKind::mask, kMountPin | flags, "", file);
        out_.pinned.push_back(file);
    }

    void pin_probe(const ProbeRow& row, const wire::PathFact& fact, const std::string& root) {
        const auto path = join(root, row.path);
        if (fact.mode == 0) {
            if (fact.err == ENOENT || fact.err == ENOTDIR) out_.absent.push_back(path);
        } else if (S_ISLNK(fact.mode)) {
            out_.unpinned.push_back(path);
        } else if (is_within(root, facts_.decision.path)) {
            pin(facts_.decision.path, below(path, facts_.decision.path));
        } else {
            pin(root, row.path);
        }
    }

    bool git_is_shown() const {
        const auto& git = facts_.resolution.git;
        return !git.empty() && (is_within(git, facts_.decision.path) || facts_.git.kind == GitOutside::worktree ||
                                facts_.git.kind == GitOutside::submodule);
    }

    void add_pins() {
        if (!facts_.decision.writable) return;
        for (std::size_t i = 0; i < facts_.probes.rows.size(); ++i) {
            const auto& row = facts_.probes.rows[i];
            const auto fact = Probes::fact(facts_.resolution, i);
            if (row.purpose == Purpose::git_entry && S_ISREG(fact.mode)) pin(facts_.decision.path, row.path);
            // A repository that the run makes has a configuration of the run's.
            if (row.purpose == Purpose::git_entry && fact.mode == 0)
                out_.absent.push_back(join(facts_.decision.path, row.path));
            if (row.purpose != Purpose::protected_file) continue;
            if (row.base == kBaseWorkspace) pin_probe(row, fact, facts_.decision.path);
            if (!facts_.git.writable) continue; // all of it is read-only
            if (row.base == kBaseGit && git_is_shown()) pin_probe(row, fact, facts_.resolution.git);
            if (row.base == kBaseGitCommon && facts_.git.kind == GitOutside::worktree)
                pin_probe(row, fact, facts_.git.common);
        }
    }

    // A resolve opens folders and files only, and says ENOTSUP of anything else.
    void find_sockets() {
        if (facts_.decision.path.empty()) return;
        for (std::size_t i = 0; i < facts_.probes.rows.size(); ++i)
            if (facts_.probes.rows[i].purpose == Purpose::socket && Probes::fact(facts_.resolution, i).err == ENOTSUP)
                out_.sockets.push_back(join(facts_.resolution.workspace, facts_.probes.rows[i].path));
    }

    // What lies deeper: other repositories, submodules' git folders, other projects' settings.
    void add_nested_pins() {
        const auto& root = facts_.decision.path;
        if (!facts_.decision.writable || root != facts_.resolution.workspace) return;
        for (const auto& entry : facts_.resolution.scanned) {
            const auto path = entry.substr(1);
            if (entry.front() == 'p')
                pin(root, path);
            else
                for (const auto& name : facts_.tables.git_protected) pin(root, join(path, name), kMountOptional);
        }
        out_.scanned = facts_.resolution.scanned;
        out_.scan_complete = facts_.resolution.facts.scan != 2;
    }

    const MountFacts& facts_;
    MountList out_;
    std::set<std::string> pinned_folders_;
};

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
    return text;
}

// "a/b/../c" by text; the folders were resolved before, so that no link hides in them.
std::string without_dots(std::string_view path) {
    std::vector<std::string_view> parts;
    for (std::size_t at = 0; at < path.size();) {
        const auto end = std::min(path.find('/', at), path.size());
        const auto part = path.substr(at, end - at);
        at = end + 1;
        if (part.empty() || part == ".") continue;
        if (part != "..")
            parts.push_back(part);
        else if (!parts.empty())
            parts.pop_back();
    }
    std::string out;
    for (const auto part : parts) (out += '/') += part;
    return out.empty() ? "/" : out;
}

bool points_back(std::string_view gitdir, const std::string& workspace) {
    return without_dots(trimmed(gitdir)) == join(workspace, ".git") && gitdir.starts_with('/');
}

// `worktree = ../../../sub` in the [core] of a submodule's configuration.
bool core_worktree_is(std::string_view config, const std::string& git, const std::string& workspace) {
    for (std::size_t at = 0; at < config.size();) {
        const auto end = std::min(config.find('\n', at), config.size());
        auto line = config.substr(at, end - at);
        at = end + 1;
        const auto start = line.find_first_not_of(" \t");
        if (start == std::string_view::npos) continue;
        line.remove_prefix(start);
        const auto equals = line.find('=');
        if (!line.starts_with("worktree") || equals == std::string_view::npos) continue;
        auto value = trimmed(line.substr(equals + 1));
        value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
        return without_dots(value.starts_with('/') ? std::string(value) : join(git, value)) == workspace;
    }
    return false;
}

bool may_be_shown(const std::string& path, const wire::PathFact& fact, const WorkspaceRules& rules) {
    return judge(path, fact.uid, true, rules).access == Access::writable;
}

} // namespace

MountList make_mounts(const MountFacts& facts) {
    return Builder(facts).build();
}

bool git_is_outside(const Resolution& resolution) {
    return !resolution.git.empty() && !is_within(resolution.git, resolution.workspace);
}

// A `.git` file may come with a downloaded tree and name any folder: only one that names the workspace in return, as git
// itself writes it, is shown.
GitOutside classify_git(const Resolution& resolution, const WorkspaceRules& rules, std::string_view gitdir,
                        std::string_view config) {
    if (!git_is_outside(resolution)) return {};
    GitOutside out{GitOutside::unproven, resolution.git, resolution.git_common};
    if (!may_be_shown(out.git, resolution.facts.git, rules)) return out;
    if (!out.common.empty()) {
        const bool below_common =
            parent(parent(out.git)) == out.common && is_within(out.git, join(out.common, "worktrees"));
        if (below_common && points_back(gitdir, resolution.workspace) &&
            may_be_shown(out.common, resolution.facts.git_common, rules))
            out.kind = GitOutside::worktree;
    } else if (core_worktree_is(config, out.git, resolution.workspace)) {
        out.kind = GitOutside::submodule;
    }
    return out;
}

} // namespace owhale::sandbox
