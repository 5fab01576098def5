#include "spawner/setup.hpp"

#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.hpp"
#include "base/userns_limits.hpp"
#include "spawner/cgroups.hpp"
#include "spawner/credentials.hpp"
#include "spawner/landlock.hpp"
#include "spawner/mounts.hpp"
#include "spawner/processes.hpp"
#include "spawner/seccomp.hpp"

namespace owhale::spawner {
namespace {

Status write_text(const std::string& path, const std::string& text) {
    const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd) return fail_errno(path);
    if (::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) return fail_errno(path);
    return {};
}

// Rootless: one user namespace that maps one uid onto itself; in it the same calls work as for root.
// Why this machine refuses an ordinary user what the rest is built of.
Status explained(Status status) {
    if (status) return status;
    const auto found = hindrance(read_userns_limits(), false);
    auto error = std::move(status).error();
    if (!found.what.empty()) error.message += "; " + found.what;
    error.next = found.fix.empty() ? "this machine refuses user namespaces: run owhaled as root" : found.fix;
    return std::unexpected(std::move(error));
}

Status enter_own_userns() {
    const auto uid = std::to_string(::getuid()), gid = std::to_string(::getgid());
    if (::unshare(CLONE_NEWUSER) != 0) return fail_errno("an unprivileged user namespace");
    CHECK(write_text("/proc/self/setgroups", "deny"));
    CHECK(write_text("/proc/self/gid_map", gid + " " + gid + " 1"));
    return write_text("/proc/self/uid_map", uid + " " + uid + " 1");
}

Status enter_scratch(const std::string& folder) {
    if (::unshare(CLONE_NEWNS) != 0) return fail_errno("a mount namespace");
    // What the host mounts later still comes in; what is mounted here never gets out.
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) return fail_errno("mount propagation");
    if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) return fail_errno(folder);
    if (::mount("owhale", folder.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=16m") != 0)
        return fail_errno("tmpfs on " + folder);
    if (::chdir(folder.c_str()) != 0) return fail_errno(folder);
    for (const char* name : {"root", "boxes"})
        if (::mkdir(name, 0755) != 0) return fail_errno(name);
    return {};
}

// The user namespace whose map shows uid 0's files as the reserved uid's: a child that lives just long enough.
Result<Fd> make_idmap_userns(std::uint32_t reserved) {
    int pidfd = -1;
    const auto parent = ::getpid();
    const auto pid = clone_process(CLONE_NEWUSER, &pidfd, -1);
    if (pid < 0) return fail_errno("clone");
    if (pid == 0) {
        // It holds the listener: a spawner that is killed just now must not leave it behind.
        ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        while (::getppid() == parent) ::pause();
        ::_exit(1);
    }
    const Fd owned(pidfd);
    const auto folder = "/proc/" + std::to_string(pid);
    const auto map = "0 " + std::to_string(reserved) + " 1";
    auto done = write_text(folder + "/gid_map", map);
    if (done) done = write_text(folder + "/uid_map", map);
    Fd userns(::open((folder + "/ns/user").c_str(), O_RDONLY | O_CLOEXEC));
    send_signal(pidfd, SIGKILL);
    siginfo_t info{};
    ::waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED);
    if (!done) return std::unexpected(done.error());
    if (!userns) return fail_errno("the id map's user namespace");
    return userns;
}

// Does this kernel carry out an idmapped mount? Tried on the filesystem of /usr.
bool idmap_works(int userns) {
    const Fd tree(::open_tree(AT_FDCWD, "/usr", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
    mount_attr attributes{};
    attributes.attr_set = MOUNT_ATTR_IDMAP;
    attributes.userns_fd = static_cast<std::uint64_t>(userns);
    return tree && ::mount_setattr(tree.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes) == 0;
}

Result<SocketTable> open_socket_table() {
    auto table = TRY(SocketTable::open());
    if (!table.works())
        std::fprintf(stderr,
                     "<4>owhale-spawner: the kernel's table of sockets does not answer (modprobe tcp_diag): TCP "
                     "clients on this machine itself are refused\n");
    return table;
}

std::uint32_t port_of(int listener) {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    if (listener < 0 || ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length) != 0) return 0;
    // The port stands at the same place for both families.
    return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

void find_cgroup(const Options& options, Surroundings& s) {
    if (options.cgroup.empty() || ::access((options.cgroup + "/cgroup.procs").c_str(), W_OK) != 0) {
        s.missing |= wire::kLayerCgroup | wire::kLayerCgroupLimits;
        return;
    }
    s.cgroup_base = options.cgroup;
    s.controllers = enable_controllers(options.cgroup);
    if ((s.controllers & 3) != 3) s.missing |= wire::kLayerCgroupLimits;
}

} // namespace

Result<Surroundings> prepare(const Options& options) {
    Surroundings s;
    ::umask(022);
    ::signal(SIGPIPE, SIG_IGN);
    s.filters = TRY(compile_filters());
    s.landlock_abi = landlock_abi();
    if (s.landlock_abi == 0) s.missing |= wire::kLayerLandlock;
    auto entries = read_system_entries();
    for (const auto& entry : entries) {
        s.system_names.push_back(entry.path);
        if (entry.link.empty()) s.system_paths.push_back(entry.path);
    }
    set_system_entries(std::move(entries));
    find_cgroup(options, s);
    if (options.tcp_listener >= 0) s.sockets = TRY(open_socket_table());
    if (options.rootless) {
        s.missing |= wire::kLayerGroups | wire::kLayerOtherUid;
        CHECK(explained(enter_own_userns()));
    } else {
        auto userns = make_idmap_userns(options.reserved_uid);
        if (userns && idmap_works(userns->get()))
            s.idmap_userns = std::move(*userns);
        else
            s.missing |= wire::kLayerIdmap;
    }
    auto entered = enter_scratch(options.scratch);
    CHECK(options.rootless ? explained(std::move(entered)) : std::move(entered));
    s.network = try_network();
    s.tcp_port = port_of(options.tcp_listener);
    struct sysinfo info{};
    if (::sysinfo(&info) != 0) return fail_errno("sysinfo");
    s.memory_total = std::uint64_t{info.totalram} * info.mem_unit;
    return s;
}

Status give_up(const Options& options) {
    // SYS_ADMIN: namespaces, mounts. SETUID, SETGID: id maps and the resolve child. KILL: runs of other uids.
    // Not DAC_OVERRIDE: what root's ownership does not open, the spawner cannot either.
    constexpr std::uint64_t kKept = 1ull << CAP_SYS_ADMIN | 1ull << CAP_SETUID | 1ull << CAP_SETGID | 1ull << CAP_KILL;
    // NET_BIND_SERVICE, where there is one: root's published ports below 1024.
    const bool low_ports = ::prctl(PR_CAPBSET_READ, CAP_NET_BIND_SERVICE, 0, 0, 0) == 1;
    const auto kept = kKept | (low_ports ? 1ull << CAP_NET_BIND_SERVICE : 0);
    if (const int err = keep_capabilities(kept); err != 0) return fail_errno("capabilities", err);
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail_errno("no_new_privs");
    // Rootless stays dumpable: the id maps of its children would be root's to write.
    if (!options.rootless && ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return fail_errno("undumpable");
    const auto filter = TRY(compile_own_filter());
    if (const int err = load_filter(filter); err != 0) return fail_errno("the spawner's own seccomp filter", err);
    return {};
}

} // namespace owhale::spawner
