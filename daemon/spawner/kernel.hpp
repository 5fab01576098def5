// System calls and constants that Debian 12's headers lack or wrap badly, each with the kernel that brought it.
#pragma once

#include <cstdint>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace owhale::kernel {

// include/uapi/linux/landlock.h of Linux 6.12; Debian 12's header ends at ABI 2.
inline constexpr std::uint64_t kLandlockTruncate = 1ull << 14;     // ABI 3, Linux 6.2
inline constexpr std::uint64_t kLandlockIoctlDev = 1ull << 15;     // ABI 5, Linux 6.10
inline constexpr std::uint64_t kLandlockScopeAbstract = 1ull << 0; // ABI 6, Linux 6.12
inline constexpr std::uint64_t kLandlockScopeSignal = 1ull << 1;   // ABI 6
struct LandlockRulesetAttr {
    std::uint64_t handled_access_fs;
    std::uint64_t handled_access_net; // ABI 4
    std::uint64_t scoped;             // ABI 6
};

inline int openat2(int at, const char* path, std::uint64_t flags, std::uint64_t resolve) {
    open_how how{};
    how.flags = flags;
    how.resolve = resolve;
    return static_cast<int>(::syscall(SYS_openat2, at, path, &how, sizeof how));
}

} // namespace owhale::kernel
