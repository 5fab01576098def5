// Places below the cage's root to mount on, and what is put there. Past the clone: no allocation; each function answers 0
// or errno.
#pragma once

#include "base/fd.hpp"
#include "spawner/detail.hpp"

namespace owhale::spawner {

// The cage's root and the box are ours: there, what an earlier run left in a place's way may be removed.
void claim_root(int folder);
void claim_box(int folder);

// Opens `path` below `root` as a place to mount on. Links are never followed and `..` never climbs: the box and the
// workspace hold what earlier runs left there. With `make`, what is missing on the way becomes folders, and the last
// component a folder or an empty file.
int open_place(int root, const char* path, bool make, bool is_file, Fd& place);
// Mounts a tree there, making the place.
int place_tree(int root, const char* target, bool is_file, int tree);
int place_tmpfs(int root, const char* target, const char* size);
// One of this machine's own folders or files, read-only, at its own path.
int place_system_path(int root, const char* path, bool optional);
// Covers what stands there, if anything does, by an empty folder or /dev/null.
int mask(int root, const char* target, Detail& detail);

} // namespace owhale::spawner
