#include "spawner/admit.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spawner/below.hpp"
#include "spawner/forbidden.hpp"
#include "spawner/mounts.hpp"
#include "spawner/narrow.hpp"

namespace owhale::spawner {
namespace {

constexpr std::size_t kMaxTarget = 4096;
constexpr std::size_t kMaxFileContent = 4u << 20;
constexpr std::size_t kMaxHostname = 63;
constexpr std::size_t kMaxResolvedMounts = 128; // close_others keeps as many descriptors
constexpr std::uint64_t kMaxOpenFiles = 65536;
constexpr std::uint64_t kMaxBoxBytes = 4ull << 30;
constexpr std::uint64_t kMinMemory = 4u << 20;

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

// Absolute, nothing to be resolved in it: what stands there is where it goes.
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

// Where owhaled's own mounts are, nothing else may be put.
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

Status read_strings(JailPlan& plan, wire::Blob& blob) {
    auto& names = blob[0];
    if (names.size() != 3 || blob[1].empty()) return malformed("a plan without a program");
    for (const auto& list : {blob[0], blob[1], blob[2]})
        if (std::ranges::any_of(list, has_nul)) return malformed("NUL in an argument or a variable");
    plan.program = std::move(names[0]);
    plan.cwd = std::move(names[1]);
    plan.hostname = std::move(names[2]);
    if (plan.program.empty() || plan.program.front() != '/' || plan.cwd.empty() || plan.cwd.front() != '/')
        return malformed("program and working folder must be absolute");
    if (plan.hostname.empty() || plan.hostname.size() > kMaxHostname) return malformed("the host name");
    plan.argv = std::move(blob[1]);
    plan.env = std::move(blob[2]);
    for (auto& text : plan.argv) plan.argv_p.push_back(text.data());
    for (auto& text : plan.env) plan.env_p.push_back(text.data());
    plan.argv_p.push_back(nullptr);
    plan.env_p.push_back(nullptr);
    return {};
}

int hex_value(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

Status read_digest(const std::string& text, std::array<std::uint8_t, 32>& digest) {
    if (text.size() != 2 * digest.size()) return malformed("a digest of another length");
    for (std::size_t i = 0; i < digest.size(); ++i) {
        const int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);
        if (high < 0 || low < 0) return malformed("a digest that is not lower hex");
        digest[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    return {};
}

// Only what the run can open itself is read, and only what it already sees at that path is covered.
Status read_approved(JailPlan& plan, const wire::Run& message, wire::List& list) {
    if (message.approved_count > wire::kMaxApproved || list.size() != 2 * std::size_t{message.approved_count})
        return malformed("the number of approved files");
    for (std::size_t i = 0; i < list.size(); i += 2) {
        ApprovedFile file;
        CHECK(read_digest(list[i + 1], file.digest));
        file.path = std::move(list[i]);
        if (!normalized(file.path)) return malformed("an approved file that is not a plain absolute path");
        if (reserved_target(file.path)) return refuse(Code::forbidden, file.path + " is owhaled's own");
        plan.approved.push_back(std::move(file));
    }
    return {};
}

// What it listens on in its own network stands for a port of the host's loopback: owhaled's own is never one.
Status read_network(JailPlan& plan, const wire::Run& message, const wire::List& ports, const Grounds& grounds) {
    plan.scoped = (message.flags & wire::kRunNetScoped) != 0;
    plan.ssh_agent = (message.flags & wire::kRunSshAgent) != 0;
    plan.network = &grounds.network;
    if (plan.scoped && plan.net_host) return malformed("a network that is both scoped and the host's");
    if (ports.size() > wire::kMaxHostPorts || (!ports.empty() && !plan.scoped)) return malformed("the number of ports");
    if (message.join != 0 && (plan.ssh_agent || !ports.empty()))
        return refuse(Code::forbidden, "what enters a cage has the listeners that are there");
    for (const auto& text : ports) {
        const auto port = TRY(number(text));
        if (port == 0 || port > 65535 || std::ranges::find(plan.host_ports, port) != plan.host_ports.end())
            return malformed("a port of the host's");
        if (port == grounds.own_port) return refuse(Code::forbidden, "port " + text + " is owhaled's own");
        plan.host_ports.push_back(static_cast<std::uint16_t>(port));
    }
    return {};
}

Result<std::uint64_t> under(std::uint64_t wanted, std::uint64_t ceiling, const char* what) {
    if (wanted == 0) return ceiling;
    if (ceiling != 0 && wanted > ceiling)
        return refuse(Code::limit_over_ceiling, std::string(what) + " " + std::to_string(wanted) +
                                                    " is over the ceiling of " + std::to_string(ceiling));
    return wanted;
}

// Without the cpu controller, --cpus N becomes N whole processors, taken in turn.
std::vector<int> choose_cpus(std::uint64_t milli) {
    static int next = 0;
    const int online = static_cast<int>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
    const int wanted =
        static_cast<int>(std::min<std::uint64_t>((milli + 999) / 1000, static_cast<std::uint64_t>(online)));
    std::vector<int> cpus;
    for (int i = 0; i < wanted; ++i) cpus.push_back((next + i) % online);
    next = (next + wanted) % online;
    return cpus;
}

void set_rlimits(JailPlan& plan, const wire::Run& message, const Limits& limits, const Grounds& grounds) {
    const auto add = [&](int resource, std::uint64_t value) {
        plan.rlimits.emplace_back(resource, rlimit{value, value});
    };
    add(RLIMIT_CORE, 0);
    add(RLIMIT_NOFILE, message.open_files == 0 ? kMaxOpenFiles : std::min(message.open_files, kMaxOpenFiles));
    if (message.file_size != 0) add(RLIMIT_FSIZE, message.file_size);
    // Counted per user namespace since Linux 5.14, so it counts this run's processes alone.
    if ((grounds.controllers & 2) == 0) add(RLIMIT_NPROC, limits.pids);
    if (limits.cpu_milli != 0 && (grounds.controllers & 4) == 0) plan.cpus = choose_cpus(limits.cpu_milli);
}

Result<Limits> read_limits(const wire::Run& message, const Grounds& grounds) {
    Limits limits;
    limits.memory = TRY(under(
        message.memory, grounds.options.max_memory != 0 ? grounds.options.max_memory : grounds.memory_total, "memory"));
    if (limits.memory < kMinMemory) return refuse(Code::limit_over_ceiling, "memory below 4 MiB starts nothing");
    limits.pids = TRY(under(message.pids, grounds.options.max_pids, "pids"));
    limits.cpu_milli = message.cpu_milli;
    limits.wall_ms = message.wall_ms;
    return limits;
}

} // namespace

Result<Admitted> admit(const wire::Run& message, wire::Blob blob, Resolution& resolution, const Grounds& grounds,
                       const Run* parent) {
    Admitted admitted;
    admitted.plan = std::make_unique<JailPlan>();
    auto& plan = *admitted.plan;
    constexpr std::uint32_t kFlags = wire::kRunTty | wire::kRunStdin | wire::kRunNetHost | wire::kRunKeepBox |
                                     wire::kRunDaemon | wire::kRunNetScoped | wire::kRunSshAgent;
    if ((message.flags & ~kFlags) != 0) return malformed("an unknown run flag");
    CHECK(read_strings(plan, blob));
    const auto& identity = resolution.identity;
    plan.uid = resolution.facts.uid;
    plan.gid = resolution.facts.gid;
    if (plan.uid == 0 || plan.gid == 0) return refuse(Code::forbidden, "nothing runs as uid 0 or gid 0");
    const bool root_caller = identity.uid == 0;
    if (!root_caller) plan.groups = identity.groups;
    plan.set_groups = !grounds.options.rootless;
    plan.tty = (message.flags & wire::kRunTty) != 0;
    plan.daemon = (message.flags & wire::kRunDaemon) != 0;
    if (plan.daemon && message.join != 0)
        return refuse(Code::forbidden, "what enters a cage has the listener that is there, or none");
    plan.rows = message.rows;
    plan.cols = message.cols;
    plan.net_host = (message.flags & wire::kRunNetHost) != 0;
    if (plan.net_host && !may_use_host_network(grounds.options, identity.uid))
        return refuse(Code::net_host_denied, "uid " + std::to_string(identity.uid) + " may not use the host's network");
    CHECK(read_network(plan, message, blob[5], grounds));
    const std::string name(message.filter, ::strnlen(message.filter, sizeof message.filter));
    const auto filter = grounds.filters.find(name);
    if (filter == grounds.filters.end() || name == "warden") return malformed("an unknown seccomp filter");
    plan.filter = &filter->second;
    plan.warden_filter = &grounds.filters.at("warden");
    plan.landlock_abi = grounds.landlock_abi;
    plan.scope_abstract = grounds.landlock_abi >= 6 && plan.net_host;
    if (root_caller && grounds.idmap_userns < 0)
        return refuse(Code::unsupported, "this kernel cannot show root's folders to another uid (no idmapped mounts)");
    admitted.idmapped = root_caller;
    if (message.box_bytes > kMaxBoxBytes) return refuse(Code::limit_over_ceiling, "a box has 4 GiB at most");
    admitted.limits = TRY(read_limits(message, grounds));
    set_rlimits(plan, message, admitted.limits, grounds);
    CHECK(read_approved(plan, message, blob[4]));
    if (message.join == 0) {
        CHECK(read_mounts(plan, message, blob[3], resolution, root_caller ? grounds.idmap_userns : -1, grounds));
        for (const auto& folder : grounds.system_paths)
            for (auto& path : masks_below(folder, grounds.options.forbid)) plan.masks.push_back(std::move(path));
    }
    if (parent != nullptr) CHECK(hold_to_parent(admitted, message, *parent, grounds.system_paths));
    return admitted;
}

} // namespace owhale::spawner
