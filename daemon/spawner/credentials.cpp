#include "spawner/credentials.hpp"

#include <cerrno>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace owhale::spawner {
namespace {

constexpr int kLastCapability = 63; // the kernel answers EINVAL past its own last one

struct Sets {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2]{};
};

int set_capabilities(std::uint64_t mask) {
    Sets sets;
    for (unsigned i = 0; i < 2; ++i) {
        const auto half = static_cast<std::uint32_t>(mask >> (32 * i));
        sets.data[i] = {half, half, 0};
    }
    return ::syscall(SYS_capset, &sets.header, sets.data) == 0 ? 0 : errno;
}

int still_there(std::uint64_t allowed) {
    Sets sets;
    if (::syscall(SYS_capget, &sets.header, sets.data) != 0) return errno;
    for (unsigned i = 0; i < 2; ++i) {
        const auto half = static_cast<std::uint32_t>(allowed >> (32 * i));
        const auto& d = sets.data[i];
        if ((d.effective & ~half) != 0 || (d.permitted & ~half) != 0 || d.inheritable != 0) return EPERM;
    }
    return 0;
}

} // namespace

int clear_bounding(std::uint64_t keep) {
    for (int c = 0; c <= kLastCapability; ++c) {
        if ((keep >> c & 1) != 0) continue;
        const int err = ::prctl(PR_CAPBSET_DROP, c, 0, 0, 0) == 0 ? 0 : errno;
        if (err == EINVAL) break; // past the last capability of this kernel
        if (::prctl(PR_CAPBSET_READ, c, 0, 0, 0) != 0) return err != 0 ? err : EPERM;
    }
    return 0;
}

namespace {

int clear_ambient() {
    return ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0 ? 0 : errno;
}

} // namespace

int set_ids(std::uint32_t uid, std::uint32_t gid, std::span<const std::uint32_t> groups, bool set_groups) {
    // Raw calls: glibc's wrappers signal every thread, and there is one.
    if (set_groups && ::syscall(SYS_setgroups, groups.size(), groups.data()) != 0) return errno;
    if (::syscall(SYS_setresgid, gid, gid, gid) != 0) return errno;
    if (::syscall(SYS_setresuid, uid, uid, uid) != 0) return errno;
    std::uint32_t r = 0, e = 0, s = 0;
    if (::getresuid(&r, &e, &s) != 0 || r != uid || e != uid || s != uid) return EPERM;
    if (::getresgid(&r, &e, &s) != 0 || r != gid || e != gid || s != gid) return EPERM;
    return 0;
}

int drop_capabilities() {
    // NOROOT: uid 0 (of any namespace) gains nothing by exec.
    constexpr unsigned long kBits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                                    SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
                                    SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
    if (::prctl(PR_SET_SECUREBITS, kBits, 0, 0, 0) != 0) return errno;
    if (const auto err = clear_ambient(); err != 0) return err;
    if (const auto err = set_capabilities(0); err != 0) return err;
    return still_there(0);
}

int become(const Identity& identity, bool set_groups) {
    if (const auto err = set_ids(identity.uid, identity.gid, identity.groups, set_groups); err != 0) return err;
    if (const auto err = set_capabilities(0); err != 0) return err;
    return still_there(0);
}

int keep_capabilities(std::uint64_t mask) {
    if (const auto err = clear_ambient(); err != 0) return err;
    if (const auto err = clear_bounding(mask); err != 0) return err;
    if (const auto err = set_capabilities(mask); err != 0) return err;
    return still_there(mask);
}

} // namespace owhale::spawner
