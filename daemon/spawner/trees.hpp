// Mount trees by the new mount API (fsopen, open_tree, mount_setattr, move_mount): made or cloned, attached nowhere yet.
// Past the clone: no allocation; each function answers 0 or errno.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "base/fd.hpp"
#include "spawner/kernel.hpp"

namespace owhale::spawner {

inline constexpr std::uint64_t kQuiet = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
inline constexpr std::uint64_t kReadOnly = kQuiet | MOUNT_ATTR_RDONLY;

struct FilesystemOption {
    const char* key;
    const char* value; // null: a flag
};
// A new filesystem.
int make_filesystem(const char* type, std::initializer_list<FilesystemOption> options, std::uint64_t attributes,
                    Fd& tree);
// A copy of what stands at `path` below `at`; the last component of the path is not followed.
int clone_tree(int at, const char* path, bool recursive, Fd& tree);
int set_attributes(int tree, std::uint64_t set, std::uint64_t clear, bool recursive);
// Mounts it over what `target` is open on.
int attach_tree(int tree, int target);

} // namespace owhale::spawner
