#include "spawner/boxes.hpp"

#include <algorithm>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "base/clock.hpp"
#include "base/fd.hpp"

namespace owhale::spawner {
namespace {

constexpr std::uint64_t kDefaultBytes = 4ull << 30;
constexpr std::size_t kMaxBoxes = 1024;
constexpr std::ptrdiff_t kMaxBoxesPerUid = 64;

bool well_formed(const std::string& key) {
    if (key.size() != 64) return false;
    return key.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::string folder_of(const std::string& key) {
    return "boxes/" + key;
}

Status mount_box(const std::string& folder, std::uint32_t uid, std::uint32_t gid, std::uint64_t bytes) {
    const Fd context(::fsopen("tmpfs", FSOPEN_CLOEXEC));
    if (!context) return fail_errno("fsopen");
    const std::pair<const char*, std::string> options[] = {{"mode", "0700"},
                                                           {"uid", std::to_string(uid)},
                                                           {"gid", std::to_string(gid)},
                                                           {"size", std::to_string(bytes)},
                                                           {"nr_inodes", "1048576"}};
    for (const auto& [key, value] : options)
        if (::fsconfig(context.get(), FSCONFIG_SET_STRING, key, value.c_str(), 0) != 0) return fail_errno(key);
    if (::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) return fail_errno("tmpfs");
    const Fd tree(::fsmount(context.get(), FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
    if (!tree) return fail_errno("fsmount");
    if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) return fail_errno(folder);
    if (::move_mount(tree.get(), "", AT_FDCWD, folder.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0)
        return fail_errno("move_mount");
    return {};
}

Result<Fd> detached(const std::string& folder) {
    Fd tree(::open_tree(AT_FDCWD, folder.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW));
    mount_attr attributes{};
    attributes.propagation = MS_PRIVATE;
    if (!tree || ::mount_setattr(tree.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0)
        return fail_errno("open_tree of a box");
    return tree;
}

void unmount(const std::string& key) {
    ::umount2(folder_of(key).c_str(), MNT_DETACH);
    ::rmdir(folder_of(key).c_str());
}

} // namespace

Result<Fd> Boxes::acquire(const std::string& key, std::uint32_t uid, std::uint32_t gid, std::uint64_t bytes) {
    if (!well_formed(key)) return fail(Code::bad_request, "a box's key is 64 hex digits");
    if (!boxes_.contains(key)) {
        const auto of_uid = std::ranges::count_if(boxes_, [uid](const auto& entry) { return entry.second.uid == uid; });
        if (boxes_.size() >= kMaxBoxes || of_uid >= kMaxBoxesPerUid)
            return fail(Code::busy, "too many boxes: owhalectl box ls shows them, box reset ends one");
        CHECK(mount_box(folder_of(key), uid, gid, bytes == 0 ? kDefaultBytes : bytes));
        boxes_[key].uid = uid;
    }
    auto& box = boxes_[key];
    if (box.uid != uid) return fail(Code::forbidden, "the box belongs to another uid");
    auto tree = TRY(detached(folder_of(key)));
    ++box.users;
    return tree;
}

void Boxes::release(const std::string& key) {
    const auto at = boxes_.find(key);
    if (at == boxes_.end() || at->second.users == 0) return;
    --at->second.users;
    at->second.released_ns = monotonic_ns();
}

Status Boxes::reset(const std::string& key, std::uint32_t uid) {
    const auto at = boxes_.find(key);
    if (at == boxes_.end() || at->second.uid != uid) return fail(Code::not_found, "no such box");
    if (at->second.users != 0) return fail(Code::busy, "the box is in use");
    unmount(key);
    boxes_.erase(at);
    return {};
}

void Boxes::expire(std::uint64_t idle_s, const std::function<void(const std::string&)>& ended) {
    const auto limit = monotonic_ns() - static_cast<std::int64_t>(idle_s) * 1'000'000'000;
    std::vector<std::string> old;
    for (const auto& [key, box] : boxes_)
        if (box.users == 0 && box.released_ns < limit) old.push_back(key);
    for (const auto& key : old) {
        unmount(key);
        boxes_.erase(key);
        ended(key);
    }
}

} // namespace owhale::spawner
