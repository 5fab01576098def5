// The mounts of a plan in the order in which the spawner makes them, and what of the host they show.
#pragma once

#include <string>
#include <vector>

#include "sandbox/environment.hpp"
#include "sandbox/probes.hpp"
#include "sandbox/workspace.hpp"

namespace owhale::sandbox {

struct Mount {
    wire::MountKind kind;
    std::uint32_t flags;
    std::string source, target;
};

// A git folder that lies outside the workspace, and is proven to belong to it by its link back.
struct GitOutside {
    enum Kind { none, worktree, submodule, unproven } kind = none;
    std::string git, common; // resolved paths
    bool writable = true;    // where the workspace is
};

struct MountFacts {
    const Profile& profile;
    const Tables& tables;
    const Probes& probes;
    const Resolution& resolution;
    const Decision& decision;
    GitOutside git;
    std::string home;                 // "" when the cage has none
    std::string git_settings;         // the content of ~/.gitconfig, "" none
    std::string file_path, file_text; // a script or code, "" none
};

struct MountList {
    std::vector<Mount> mounts;
    View view;
    std::string cwd;                    // inside the cage
    std::vector<std::string> pinned;    // protected files that are read-only
    std::vector<std::string> unpinned;  // protected ones that are links, which no mount can hold in place
    std::vector<std::string> sockets;   // that a service may listen on, where the profile permits to ask it
    std::vector<std::string> absent;    // protected ones that do not exist yet
    std::vector<std::string> scanned;   // protected ones below the top: 'p' or 'g' and the path in the workspace
    std::vector<std::string> state;     // of the home's, as shown: "/home/a/.x/sessions, writable"
    std::vector<std::string> stateless; // of the profile's state: what is not there, or is not the caller's
    bool scan_complete = true;          // false: not all of the workspace was looked through, or pinned
};

MountList make_mounts(const MountFacts& facts);

// What kind of git folder a resolution found, from the link back that it holds: `gitdir` of a worktree, `config` of a
// submodule (their contents).
GitOutside classify_git(const Resolution& resolution, const WorkspaceRules& rules, std::string_view gitdir,
                        std::string_view config);
// Whether the git folder lies outside, so that classify_git() needs those contents.
bool git_is_outside(const Resolution& resolution);

} // namespace owhale::sandbox
