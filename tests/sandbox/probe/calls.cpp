// The system calls that the filter forbids, each called so that it cannot do anything: a bad address, a bad
// descriptor or an unknown flag. What the kernel answers to these (`reached`) is read from its source; the control
// run outside shows that this kernel does so.
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <vector>

#include "probe.hpp"

namespace owhale::probe {
namespace {

constexpr unsigned long kBad = 1;     // an address no process has mapped
constexpr unsigned long kNone = ~0UL; // a descriptor nobody has, or every flag at once
constexpr unsigned long kFlags = 0x7fffffffUL;

struct Row {
    const char* name;
    long number;
    std::array<unsigned long, 6> arguments;
    std::vector<int> reached;
    Control control;
    const char* config = "-";
    int inside_error = 0;
};

constexpr Control kUser = Control::user;
constexpr Control kRoot = Control::root;

// Numbers newer than Debian 12's headers: arch/x86/entry/syscalls/syscall_64.tbl.
constexpr long kOpenTreeAttr = 467;
constexpr long kMemfdSecret = 447;
constexpr long kQuotactlFd = 443;

const std::vector<Row>& rows() {
    static const std::vector<Row> table = {
        // mounts, old and new
        {"mount", SYS_mount, {kBad, kBad, kBad, 0, kBad}, {EFAULT}, kUser},
        {"umount2", SYS_umount2, {kBad, kFlags}, {EINVAL}, kUser},
        {"pivot-root", SYS_pivot_root, {kBad, kBad}, {EFAULT}, kRoot},
        {"chroot", SYS_chroot, {kBad}, {EFAULT}, kUser},
        {"open-tree", SYS_open_tree, {kNone, kBad, kFlags}, {EINVAL}, kUser},
        {"open-tree-attr", kOpenTreeAttr, {kNone, kBad, kFlags, 0, 8}, {EINVAL}, kUser, "linux-6.15"},
        {"move-mount", SYS_move_mount, {kNone, kBad, kNone, kBad, kFlags}, {EINVAL}, kRoot},
        {"fsopen", SYS_fsopen, {kBad, 0}, {EFAULT}, kRoot},
        {"fsconfig", SYS_fsconfig, {kNone, 99, 0, 0, 0}, {EINVAL, EOPNOTSUPP}, kUser},
        {"fsmount", SYS_fsmount, {kNone, kFlags, 0}, {EINVAL}, kRoot},
        {"fspick", SYS_fspick, {kNone, kBad, kFlags}, {EINVAL}, kRoot},
        {"mount-setattr", SYS_mount_setattr, {kNone, kBad, kFlags, kBad, 32}, {EINVAL}, kUser},
        // the kernel's machinery
        {"bpf", SYS_bpf, {0x7fff, kBad, 48}, {EFAULT, EINVAL}, kUser},
        {"io-uring-setup", SYS_io_uring_setup, {1, kBad}, {EFAULT}, kUser},
        {"io-uring-enter", SYS_io_uring_enter, {kNone, 0, 0, 0, 0, 0}, {EBADF}, kUser},
        {"io-uring-register", SYS_io_uring_register, {kNone, 0, 0, 0}, {EBADF, EINVAL}, kUser},
        {"userfaultfd", SYS_userfaultfd, {kFlags}, {EINVAL}, kUser},
        {"perf-event-open", SYS_perf_event_open, {kBad, 0, 0, kNone, kNone}, {EINVAL}, kUser},
        {"memfd-secret", kMemfdSecret, {kFlags}, {EINVAL}, kUser},
        {"keyctl", SYS_keyctl, {0x7fff}, {EOPNOTSUPP}, kUser},
        {"add-key", SYS_add_key, {kBad, kBad, 0, 0, 0}, {EFAULT}, kUser},
        {"request-key", SYS_request_key, {kBad, kBad, 0, 0}, {EFAULT}, kUser},
        {"kexec-load", SYS_kexec_load, {0, kNone, kBad, kFlags}, {EINVAL}, kRoot, "CONFIG_KEXEC"},
        {"kexec-file-load", SYS_kexec_file_load, {kNone, kNone, 0, kBad, kFlags}, {EINVAL}, kRoot, "CONFIG_KEXEC_FILE"},
        {"init-module", SYS_init_module, {kBad, 1, kBad}, {EFAULT, ENOEXEC}, kRoot, "CONFIG_MODULES"},
        {"finit-module", SYS_finit_module, {kNone, kBad, kFlags}, {EINVAL}, kRoot, "CONFIG_MODULES"},
        {"delete-module", SYS_delete_module, {kBad, 0}, {EFAULT}, kRoot, "CONFIG_MODULE_UNLOAD"},
        // the machine
        {"reboot", SYS_reboot, {0, 0, 0, 0}, {EINVAL}, kRoot},
        {"swapon", SYS_swapon, {kBad, kFlags}, {EINVAL}, kRoot},
        {"swapoff", SYS_swapoff, {kBad}, {EFAULT}, kRoot},
        {"settimeofday", SYS_settimeofday, {kBad, 0}, {EFAULT}, kUser},
        {"clock-settime", SYS_clock_settime, {0, kBad}, {EFAULT}, kUser},
        {"sethostname", SYS_sethostname, {kBad, kFlags}, {EINVAL}, kRoot},
        {"setdomainname", SYS_setdomainname, {kBad, kFlags}, {EINVAL}, kRoot},
        {"syslog", SYS_syslog, {3, 0, 0}, {EINVAL}, kRoot},
        {"acct", SYS_acct, {kBad}, {EFAULT}, kRoot, "CONFIG_BSD_PROCESS_ACCT"},
        {"quotactl", SYS_quotactl, {0xff, kBad, 0, kBad}, {EINVAL}, kUser, "CONFIG_QUOTACTL"},
        {"quotactl-fd", kQuotactlFd, {kNone, 0xff, 0, kBad}, {EBADF, EINVAL}, kUser, "CONFIG_QUOTACTL"},
        {"fanotify-init", SYS_fanotify_init, {0x40000200UL, 0}, {EINVAL}, kUser},
        {"fanotify-mark", SYS_fanotify_mark, {kNone, kFlags, 0, 0, 0}, {EINVAL, EBADF}, kUser},
        {"name-to-handle-at", SYS_name_to_handle_at, {kNone, kBad, kBad, kBad, kFlags}, {EINVAL}, kUser},
        {"open-by-handle-at", SYS_open_by_handle_at, {kNone, kBad, 0}, {EFAULT, EBADF}, kRoot},
        {"iopl", SYS_iopl, {99}, {EINVAL}, kRoot, "CONFIG_X86_IOPL_IOPERM"},
        {"ioperm", SYS_ioperm, {kFlags, kFlags, 1}, {EINVAL}, kRoot, "CONFIG_X86_IOPL_IOPERM"},
        {"lookup-dcookie", SYS_lookup_dcookie, {0, kBad, 1}, {EINVAL, EFAULT}, kRoot, "CONFIG_PROFILING"},
        {"nfsservctl", SYS_nfsservctl, {0}, {EINVAL}, kRoot, "linux-3.0"},
        {"uselib", SYS_uselib, {kBad}, {EFAULT}, kUser, "CONFIG_USELIB"},
        {"sysfs", SYS_sysfs, {99}, {EINVAL}, kUser, "CONFIG_SYSFS_SYSCALL"},
        {"setns", SYS_setns, {kNone, 0}, {EBADF}, kUser},
        {"clone3", SYS_clone3, {0, 0}, {EINVAL}, kUser, "-", ENOSYS},
        // a keystroke pushed into somebody's terminal; the command number is 32 bits wide, so the upper half is noise
        {"ioctl-tiocsti", SYS_ioctl, {kNone, 0x5412, kBad}, {EBADF}, kUser},
        {"ioctl-tiocsti-high-bits", SYS_ioctl, {kNone, 0xdeadbeef00005412UL, kBad}, {EBADF}, kUser},
        {"ioctl-tioclinux", SYS_ioctl, {kNone, 0x541c, kBad}, {EBADF}, kUser},
        {"ioctl-tioclinux-high-bits", SYS_ioctl, {kNone, 0x10000541cUL, kBad}, {EBADF}, kUser},
    };
    return table;
}

Outcome call(const Row& row) {
    const auto& a = row.arguments;
    errno = 0;
    const long result = syscall(row.number, a[0], a[1], a[2], a[3], a[4], a[5]);
    const int error = errno;
    if (result != -1) return could("the call succeeded");
    for (const int reached : row.reached) {
        if (error == reached) return judge_call(-1, error, {reached});
    }
    return judge_call(-1, error, {});
}

} // namespace

void add_calls(Probes& probes) {
    for (const Row& row : rows()) {
        Probe probe = ask_user(row.name, [row](const std::string&) { return call(row); });
        probe.control = row.control;
        probe.config = row.config;
        probe.inside_error = row.inside_error;
        probes.push_back(std::move(probe));
    }
}

} // namespace owhale::probe
