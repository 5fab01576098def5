// Files that a cage hides, places it keeps from being written, device nodes, and ways around by links.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "probe.hpp"

namespace owhale::probe {
namespace {

Outcome open_read(const std::string& path) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file == -1) return judge_use(-1, "open " + path);
    char byte = 0;
    struct stat about{};
    if (fstat(file, &about) == 0 && S_ISREG(about.st_mode) && read(file, &byte, 1) == -1)
        return judge_use(-1, "read " + path);
    const bool null = S_ISCHR(about.st_mode) && about.st_rdev == makedev(1, 3);
    if (null && path != "/dev/null") return refused(0, path + " is covered by /dev/null");
    return could("opened " + path);
}

Outcome open_write(const std::string& path) {
    const int file = open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    // "Text file busy" is said after rights were looked at.
    if (file == -1 && errno == ETXTBSY) return could("only busy, not refused: " + path);
    return judge_use(file, "open for writing " + path);
}

Outcome create_in(const std::string& folder) {
    const std::string path = folder + "/owhale-probe." + std::to_string(getpid());
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    const Outcome outcome = judge_use(file, "create " + path);
    if (file != -1) unlink(path.c_str());
    return outcome;
}

Outcome make_node(const std::string& folder, mode_t kind, unsigned major_number, unsigned minor_number) {
    const std::string path = folder + "/owhale-node." + std::to_string(getpid());
    const Outcome outcome =
        judge_use(mknod(path.c_str(), kind | 0600, makedev(major_number, minor_number)), "mknod " + path);
    unlink(path.c_str());
    return outcome;
}

Outcome through_link(const std::string& target) {
    const std::string path = "owhale-link." + std::to_string(getpid());
    if (symlink(target.c_str(), path.c_str()) == -1) return unclear(errno, "cannot make a link in the workspace");
    const Outcome outcome = open_read(path);
    unlink(path.c_str());
    return outcome;
}

Outcome climb(const std::string& target) {
    int folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    constexpr int kFarAbove = 64;
    for (int step = 0; step < kFarAbove && folder != -1; ++step)
        folder = openat(folder, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder == -1) return unclear(errno, "cannot climb");
    const int file = openat(folder, target.c_str() + 1, O_RDONLY | O_CLOEXEC);
    return judge_use(file, "open " + target + " from the top of all ..");
}

Outcome missing_flag(const std::string& path, unsigned long flag, const char* name) {
    struct statvfs about{};
    if (statvfs(path.c_str(), &about) == -1) return refused(errno, "no " + path + " here");
    if ((about.f_flag & flag) == 0) return could(path + " is mounted without " + name);
    return refused(0, path + " is mounted " + name);
}

// A setuid file in the workspace outlives the run, and a root caller's workspace is idmapped to root.
Outcome make_setuid(const std::string& way) {
    const std::string path = "owhale-setuid." + std::to_string(getpid());
    const mode_t asked = way == "open" ? 04755 : 0755;
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, asked);
    if (file == -1) {
        const int error = errno;
        return error == EPERM ? refused(error, "creating it was refused")
                              : unclear(error, "cannot create a file in the workspace");
    }
    int result = 0;
    if (way == "fchmod") result = fchmod(file, 04755);
    if (way == "fchmodat") result = fchmodat(AT_FDCWD, path.c_str(), 06755, 0);
    const int error = errno;
    struct stat about{};
    fstat(file, &about);
    unlink(path.c_str());
    if ((about.st_mode & (S_ISUID | S_ISGID)) != 0) return could("made a setuid file by " + way);
    return refused(result == -1 ? error : 0, "no setuid bit by " + way);
}

Outcome give_capabilities() {
    const std::string path = "owhale-capable." + std::to_string(getpid());
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
    if (file == -1) return unclear(errno, "cannot create a file in the workspace");
    // VFS_CAP_REVISION_2, effective, CAP_CHOWN.
    const unsigned char value[20] = {1, 0, 0, 2, 1};
    const Outcome outcome =
        judge_use(fsetxattr(file, "security.capability", value, sizeof value, 0), "give a file capabilities");
    unlink(path.c_str());
    return outcome;
}

Outcome give_away() {
    const std::string path = "owhale-chown." + std::to_string(getpid());
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file == -1) return unclear(errno, "cannot create a file in the workspace");
    const Outcome outcome = judge_use(fchown(file, 1, 1), "chown to uid 1");
    unlink(path.c_str());
    return outcome;
}

void add_reads(Probes& probes) {
    constexpr Place kRead[] = {{"/etc/shadow"},
                               {"/etc/gshadow"},
                               {"/etc/sudoers", "sudo"},
                               {"/root/.profile", "a .profile of root's"},
                               {"/proc/kcore", "CONFIG_PROC_KCORE"},
                               {"/proc/kmsg", "CONFIG_PRINTK"},
                               {"/sys/kernel/uevent_seqnum"},
                               {"/sys/kernel/notes"},
                               {"/sys/firmware"},
                               {"/sys/class/net"},
                               {"/sys/kernel/debug", "CONFIG_DEBUG_FS"},
                               {"/sys/kernel/tracing", "CONFIG_TRACING"},
                               {"/sys/fs/cgroup/cgroup.procs", "cgroup2 at /sys/fs/cgroup"},
                               {"/sys/fs/cgroup/unified/cgroup.procs", "cgroup2 at /sys/fs/cgroup/unified"}};
    for (const Place& place : kRead) {
        const std::string path = place.path;
        probes.push_back(
            with_config(ask_root("read" + path, [path](const std::string&) { return open_read(path); }), place.config));
    }
    for (const char* kind : {"other-home-file",   "own-home-secret",       "own-aws-secret",
                             "own-npm-secret",    "own-history",           "own-cargo-credentials",
                             "own-netrc",         "own-git-credentials",   "own-gh-token",
                             "own-docker-config", "own-kube-config",       "own-pypirc",
                             "own-gnupg-key",     "own-other-folder-file", "host-tmp-file",
                             "host-shm-file",     "host-var-tmp-file",     "host-log",
                             "group-file",        "owhaled-config",        "ssh-agent-like-run-file"}) {
        probes.push_back(with_argument(ask_user(std::string("read-") + kind, open_read), kind));
        probes.push_back(with_argument(ask_user(std::string("link-to-") + kind, through_link), kind));
    }
    for (const char* kind : {"owhaled-state-folder", "owhaled-state-file"}) {
        probes.push_back(with_argument(ask_root(std::string("read-") + kind, open_read), kind));
        probes.push_back(with_argument(ask_root(std::string("link-to-") + kind, through_link), kind));
    }
    for (const char* kind : {"other-home-file", "own-home-secret", "host-tmp-file"}) {
        const auto under = [&](const char* name, std::string prefix) {
            probes.push_back(
                with_argument(ask_user(std::string(name) + "-" + kind,
                                       [prefix](const std::string& path) { return open_read(prefix + path); }),
                              kind));
        };
        under("through-self-root", "/proc/self/root");
        under("through-self-cwd", "/proc/self/cwd/../../../../../../../../..");
        under("through-thread-root", "/proc/thread-self/root/..");
        under("through-init-root", "/proc/1/root");
        probes.back().control = Control::own_init;
        probes.push_back(with_argument(ask_user(std::string("climb-to-") + kind, climb), kind));
    }
    probes.push_back(ask_root("link-to-shadow", [](const std::string&) { return through_link("/etc/shadow"); }));
    probes.push_back(
        ask_own_init("link-to-init-root", [](const std::string&) { return through_link("/proc/1/root/etc/shadow"); }));
}

void add_writes(Probes& probes) {
    for (const char* folder :
         {"/", "/etc", "/usr", "/usr/bin", "/usr/local/bin", "/lib", "/var", "/var/lib", "/var/log", "/opt", "/srv",
          "/root", "/boot", "/home", "/run", "/mnt", "/dev", "/sys/fs/cgroup"}) {
        probes.push_back(
            ask_root(std::string("create-in") + folder, [folder](const std::string&) { return create_in(folder); }));
    }
    for (const char* kind : {"own-other-folder", "open-folder"})
        probes.push_back(with_argument(ask_user(std::string("create-in-") + kind, create_in), kind));
    for (const char* path : {"/etc/passwd", "/etc/hosts", "/usr/bin/env"})
        probes.push_back(
            ask_root(std::string("write") + path, [path](const std::string&) { return open_write(path); }));
    probes.push_back(with_argument(ask_user("write-own-other-folder-file", open_write), "own-other-folder-file"));
    probes.push_back(with_argument(ask_user("write-own-bashrc", open_write), "own-bashrc"));
    const auto permit = [&](const char* name, const char* kind) {
        probes.push_back(permitted(with_argument(ask_user(name, create_in), kind)));
    };
    permit("create-in-workspace", "workspace");
    permit("create-in-home", "home");
    probes.push_back(permitted(ask_user("create-in-tmp", [](const std::string&) { return create_in("/tmp"); })));
    probes.push_back(
        permitted(ask_user("create-in-dev-shm", [](const std::string&) { return create_in("/dev/shm"); })));
}

void add_devices(Probes& probes) {
    constexpr Place kNodes[] = {{"/dev/vda", "a virtio disk"},
                                {"/dev/mem", "CONFIG_DEVMEM"},
                                {"/dev/port", "CONFIG_DEVPORT"},
                                {"/dev/kmsg", "-"},
                                {"/dev/fuse", "CONFIG_FUSE_FS"},
                                {"/dev/kvm", "CONFIG_KVM"},
                                {"/dev/net/tun", "CONFIG_TUN"},
                                {"/dev/loop-control", "CONFIG_BLK_DEV_LOOP"},
                                {"/dev/userfaultfd", "CONFIG_USERFAULTFD"},
                                {"/dev/vsock", "CONFIG_VSOCKETS"},
                                {"/dev/console", "-"},
                                {"/dev/tty0", "CONFIG_VT"},
                                {"/dev/vcs", "CONFIG_VT"}};
    for (const Place& node : kNodes) {
        const std::string path = node.path;
        probes.push_back(
            with_config(ask_root("open" + path, [path](const std::string&) { return open_read(path); }), node.config));
    }
    for (const char* path : {"/dev/null", "/dev/zero", "/dev/urandom"})
        probes.push_back(
            permitted(ask_user(std::string("open") + path, [path](const std::string&) { return open_read(path); })));
    for (const char* folder : {".", "/tmp", "/dev"}) {
        const std::string at = folder;
        probes.push_back(
            ask_root("mknod-null-in-" + at, [at](const std::string&) { return make_node(at, S_IFCHR, 1, 3); }));
        probes.push_back(
            ask_root("mknod-disk-in-" + at, [at](const std::string&) { return make_node(at, S_IFBLK, 254, 0); }));
    }
    probes.push_back(permitted(ask_user("mkfifo", [](const std::string&) { return make_node(".", S_IFIFO, 0, 0); })));
}

} // namespace

void add_files(Probes& probes) {
    add_reads(probes);
    add_writes(probes);
    add_devices(probes);
    for (const char* path : {"/", "/usr", "/etc", "/tmp", "/dev", "/dev/shm", "."}) {
        const std::string at = path;
        probes.push_back(
            ask_user("nosuid-" + at, [at](const std::string&) { return missing_flag(at, ST_NOSUID, "nosuid"); }));
    }
    for (const char* path : {"/", "/usr", "/tmp", "."}) {
        const std::string at = path;
        probes.push_back(
            ask_user("nodev-" + at, [at](const std::string&) { return missing_flag(at, ST_NODEV, "nodev"); }));
    }
    for (const char* path : {"/", "/usr", "/etc"}) {
        const std::string at = path;
        probes.push_back(
            ask_user("readonly-" + at, [at](const std::string&) { return missing_flag(at, ST_RDONLY, "read-only"); }));
    }
    for (const char* way : {"open", "fchmod", "fchmodat"})
        probes.push_back(
            ask_user(std::string("setuid-file-by-") + way, [way](const std::string&) { return make_setuid(way); }));
    probes.push_back(ask_root("file-capabilities", [](const std::string&) { return give_capabilities(); }));
    probes.push_back(ask_root("chown-away", [](const std::string&) { return give_away(); }));
}

} // namespace owhale::probe
