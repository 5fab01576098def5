#include "spawner/trees.hpp"

#include <cerrno>
#include <fcntl.h>

namespace owhale::spawner {

int set_attributes(int tree, std::uint64_t set, std::uint64_t clear, bool recursive) {
    mount_attr attributes{};
    attributes.attr_set = set;
    attributes.attr_clr = clear;
    const unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0u);
    return ::mount_setattr(tree, "", flags, &attributes, sizeof attributes) == 0 ? 0 : errno;
}

int attach_tree(int tree, int target) {
    return ::move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) == 0 ? 0 : errno;
}

int make_filesystem(const char* type, std::initializer_list<FilesystemOption> options, std::uint64_t attributes,
                    Fd& tree) {
    const Fd context(::fsopen(type, FSOPEN_CLOEXEC));
    if (!context) return errno;
    for (const auto& option : options) {
        const auto command = option.value == nullptr ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING;
        if (::fsconfig(context.get(), command, option.key, option.value, 0) != 0) return errno;
    }
    if (::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) return errno;
    tree.reset(::fsmount(context.get(), FSMOUNT_CLOEXEC, static_cast<unsigned>(attributes)));
    return tree ? 0 : errno;
}

int clone_tree(int at, const char* path, bool recursive, Fd& tree) {
    const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_NO_AUTOMOUNT | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;
    tree.reset(::open_tree(at, path, flags | (recursive ? AT_RECURSIVE : 0u)));
    return tree ? 0 : errno;
}

} // namespace owhale::spawner
