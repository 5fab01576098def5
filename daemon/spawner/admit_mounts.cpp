#include "spawner/admit_mounts.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fcntl.h>
#include <string_view>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spawner/below.hpp"
#include "spawner/forbidden.hpp"
#include "spawner/mounts.hpp"

namespace owhale::spawner {
namespace {

constexpr std::size_t kMaxTarget = 4096;
constexpr std::size_t kMaxFileContent = 4u << 20;
constexpr std::size_t kMaxResolvedMounts = 128; // close_others keeps as many descriptors

} // namespace

std::unexpected<Error> refuse(Code code, std::string message) {
    Error error{code, std::move(message), {}, 0, "admit"};
    return std::unexpected(std::move(error));
}

std::unexpected<Error> malformed(const char* what) {
    return refuse(Code::bad_request, what);
}

bool has_nul(const std::string& text) {
    return text.find('\0') != std::string::npos;
}

bool normalized(const std::string& path) {
    if (path.size() < 2 || path.size() >= kMaxTarget || path.front() != '/' || path.back() == '/' || has_nul(path))
        return false;
    for (std::string_view rest(path); !rest.empty();) {
        rest.remove_prefix(1);
        const auto end = std::min(rest.find('/'), rest.size());
        const auto part = rest.substr(0, end);
        if (part.empty() || part == "." || part == ".." || part.size() > 255) return false;
        rest.remove_prefix(end);
    }
    return true;
}

bool reserved_target(const std::string& target) {
    if (target == "/dev/shm") return false;
    if (same_or_below(target, "/.stage")) return true;
    return std::ranges::any_of(std::to_array<std::string_view>({"/proc", "/sys", "/dev", "/run/owhaled"}),
                               [&](std::string_view folder) { return same_or_below(target, folder); });
}

Result<std::uint32_t> number(const std::string& text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size())
        return malformed("a number in a plan");
    return value;
}

namespace {

Status check_system_source(const MountOp& op, const Grounds& grounds) {
    if (!normalized(op.source)) return malformed("a system source that is not a plain absolute path");
    const auto covers = [&](const std::string& folder) { return same_or_below(op.source, folder); };
    const auto& extra = grounds.options.system;
    const bool known = std::ranges::any_of(grounds.system_paths, covers) || std::ranges::any_of(extra, covers);
    if (!known) return refuse(Code::forbidden, op.source + " is not a system folder");
    for (const auto& folder : grounds.options.forbid)
        if (same_or_below(op.source, folder) || same_or_below(folder, op.source))
            return refuse(Code::forbidden, op.source + " holds or lies in " + folder);
    return {};
}

struct Source {
    int fd = -1; // borrowed from the resolution
    bool optional = false;
};

Result<Source> find_source(const MountOp& op, const Resolution& resolution) {
    if (op.source == "cwd") return Source{resolution.cwd.get()};
    if (op.source == "workspace") return Source{resolution.workspace.get()};
    const auto at = resolution.mounts.find(TRY(number(op.source)));
    if (at != resolution.mounts.end()) return Source{at->second.get()};
    if ((op.flags & wire::kMountOptional) != 0) return Source{-1, true};
    return refuse(Code::bad_request, "a mount of what was not resolved: " + op.target);
}

Status set_tree_attributes(int tree, std::uint64_t set, int userns, bool recursive) {
    mount_attr attributes{};
    attributes.attr_set = set | (userns >= 0 ? MOUNT_ATTR_IDMAP : 0);
    attributes.userns_fd = userns >= 0 ? static_cast<std::uint64_t>(userns) : 0;
    // Ours is a slave of the host's namespace, and a copy of a slave would show what the host mounts there later.
    attributes.propagation = MS_PRIVATE;
    if (::mount_setattr(tree, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0u), &attributes, sizeof attributes) != 0)
        return fail_errno("mount_setattr");
    return {};
}

// Where the host's services have their sockets and the kernel its files nothing is shown; system folders are never
// writable, whoever owns them, and root's writable ones are the working folder, the workspace and its git folders alone.
Status check_place(const MountOp& op, int source, bool writable, const Resolution& resolution, const Grounds& grounds) {
    const auto path = path_of_fd(source);
    const auto touches = [&](std::string_view folder) {
        return same_or_below(path, folder) || same_or_below(folder, path);
    };
    constexpr auto kNever = std::to_array<std::string_view>({"/proc", "/sys", "/dev", "/run", "/boot"});
    if (path == "/" || std::ranges::any_of(kNever, touches)) return refuse(Code::forbidden, path + " is never shown");
    if (!writable) return {};
    if (std::ranges::any_of(grounds.system_paths, touches))
        return refuse(Code::forbidden, path + " is a system folder, never writable");
    const bool workplace = op.source == "cwd" || op.source == "workspace" || resolution.git_folders.contains(op.source);
    if (resolution.identity.uid == 0 && !workplace)
        return refuse(Code::forbidden, "of root's folders only the working folder and the workspace can be writable");
    return {};
}

// A detached copy of what was resolved, with its attributes, made here because only the namespace it was opened in can.
Status detach_source(MountOp& op, const Resolution& resolution, int userns, const Grounds& grounds) {
    const auto source = TRY(find_source(op, resolution));
    if (source.optional) return {};
    CHECK(check_not_forbidden(source.fd, grounds.options.forbid));
    struct statx sx{};
    if (::statx(source.fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_UID, &sx) != 0)
        return fail_errno("statx");
    if (!S_ISDIR(sx.stx_mode) && !S_ISREG(sx.stx_mode))
        return refuse(Code::forbidden, op.target + " is neither a folder nor a file");
    op.host = path_of_fd(source.fd);
    const bool writable = (op.flags & wire::kMountWritable) != 0;
    CHECK(check_place(op, source.fd, writable, resolution, grounds));
    if (writable && sx.stx_uid != resolution.identity.uid)
        return refuse(Code::forbidden, "uid " + std::to_string(resolution.identity.uid) + " does not own " + op.target);
    op.is_file = S_ISREG(sx.stx_mode);
    const auto attributes =
        MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (writable ? 0u : static_cast<unsigned>(MOUNT_ATTR_RDONLY));
    // With an id map: what is mounted below may not bear one; it is left out then.
    for (const bool recursive : {true, false}) {
        op.tree.reset(::open_tree(
            source.fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0u)));
        if (!op.tree) return fail_errno("open_tree of " + op.target);
        const auto done = set_tree_attributes(op.tree.get(), attributes, userns, recursive);
        if (done) return {};
        if (userns < 0 || !recursive) {
            const auto err = done.error().errnum;
            if (userns < 0) return fail_errno("mount_setattr of " + op.target, err);
            Error error{Code::unsupported,
                        "the filesystem of " + op.target + " cannot be shown to another uid (idmapped mount)",
                        "run as an ordinary user, or with --as USER", err, "admit"};
            return std::unexpected(std::move(error));
        }
    }
    return {};
}

Status read_mount(MountOp& op, const Resolution& resolution, int userns, const Grounds& grounds) {
    if (!normalized(op.target)) return malformed("a mount's target that is not a plain absolute path");
    if (reserved_target(op.target)) return refuse(Code::forbidden, op.target + " is owhaled's own");
    if (has_nul(op.source) && op.kind != wire::MountKind::file) return malformed("NUL in a mount's source");
    if ((op.flags & ~(wire::kMountWritable | wire::kMountOptional | wire::kMountPin)) != 0)
        return malformed("an unknown mount flag");
    if ((op.flags & wire::kMountPin) != 0) return {};
    switch (op.kind) {
    case wire::MountKind::system:
        return check_system_source(op, grounds);
    case wire::MountKind::resolved:
        op.landlock_write = (op.flags & wire::kMountWritable) != 0;
        return detach_source(op, resolution, userns, grounds);
    case wire::MountKind::box:
        op.landlock_write = true;
        if (!normalized("/" + op.source)) return malformed("a box's part");
        return {};
    case wire::MountKind::tmpfs:
        op.landlock_write = true;
        return {};
    case wire::MountKind::mask:
        return {};
    case wire::MountKind::file:
        op.is_file = true;
        if (op.source.size() > kMaxFileContent) return malformed("a file's content is too large");
        return {};
    case wire::MountKind::symlink:
        if (op.source.empty() || op.source.size() >= kMaxTarget) return malformed("a symlink's text");
        return {};
    }
    return malformed("an unknown kind of mount");
}

} // namespace

Status read_mounts(JailPlan& plan, const wire::Run& message, wire::List& list, const Resolution& resolution, int userns,
                   const Grounds& grounds) {
    if (message.mount_count > wire::kMaxMounts || list.size() != 4 * std::size_t{message.mount_count})
        return malformed("the number of mounts");
    std::size_t resolved = 0;
    for (std::size_t i = 0; i < list.size(); i += 4) {
        MountOp op;
        op.kind = static_cast<wire::MountKind>(TRY(number(list[i])));
        op.flags = TRY(number(list[i + 1]));
        op.source = std::move(list[i + 2]);
        op.target = std::move(list[i + 3]);
        CHECK(read_mount(op, resolution, userns, grounds));
        if (op.tree && ++resolved > kMaxResolvedMounts) return malformed("too many mounts of resolved paths");
        plan.mounts.push_back(std::move(op));
    }
    return {};
}

} // namespace owhale::spawner
