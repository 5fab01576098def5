// Looking at what a client named, in the resolve child, with the requester's rights: any of it may hang, or be an earlier
// run's work.
#pragma once

#include <cerrno>
#include <string>

#include "base/fd.hpp"
#include "sandbox/plan.hpp"
#include "spawner/resolve.hpp"

namespace owhale::spawner {

struct Found {
    Fd fd;
    wire::PathFact fact{};
    std::string path;
};

wire::PathFact missing(int errnum);
// Only folders and regular files: never a device, a fifo or a socket.
Found look(int at, const std::string& path, int flags);
// Git's own rule for a work tree: the nearest ancestor with a `.git` that its owner shares.
Found find_workspace(const Found& cwd);
// gitrepository-layout(5): `.git` is the folder itself, or a file "gitdir: PATH"; a worktree's folder has a `commondir`.
// Facts only: such a file may be an earlier run's work. The broker shows the folder if it names this workspace back, and
// nothing that the caller does not own is ever writable.
void find_git(const Found& workspace, Found& git, Found& common);

struct Program {
    Found real;
    std::string found;
    int err = ENOENT;
};
// execvp(3): a name with a slash is a path; others are looked up, and what is there but cannot be run is passed over.
Program find_program(const Question& question, const std::string& cwd);

// 1 when nobody but root can change the file, nor put another in its place: it and every folder above it are root's, and
// no group or others may write them.
std::uint32_t is_fixed(const Found& found);
// A descriptor to read from, if it is a regular file.
Fd open_readable(const Found& found);
// A close waits for the server of a FUSE mount (FUSE_FLUSH), in every process that held the descriptor: it is kept from
// those that serve others.
bool may_be_passed(int fd);
// The first line of a script; "" of anything else.
std::string hashbang_of(int fd);

} // namespace owhale::spawner
