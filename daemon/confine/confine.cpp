#include "confine/confine.hpp"

#include <cerrno>
#include <csignal>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine/filter.hpp"
#include "confine/landlock.hpp"
#include "confine/sanitizer.hpp"
#include "confine/standing.hpp"

namespace owhale {
namespace {

std::unexpected<Error> failed(const char* step, int errnum = errno) {
    return std::unexpected(Error{Code::layer_missing, std::string("the broker could not be confined, at ") + step,
                                 "owhaled does not run unconfined; owhalectl doctor tells what this machine lacks",
                                 errnum, step});
}

Status at(const char* step, long result) {
    if (result != 0) return failed(step);
    return {};
}

template <typename T> Result<T> at(const char* step, Result<T> result) {
    if (!result) result.error().step = step;
    return result;
}

int drop_bounding_set() {
    // The kernel may know more capabilities than the headers: EINVAL is past its last one.
    for (unsigned long capability = 0; capability < 64; ++capability)
        if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0)
            return errno == EINVAL && capability > CAP_CHOWN ? 0 : -1;
    return 0;
}

int drop_capabilities() {
    if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) return -1;
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
    return static_cast<int>(::syscall(SYS_capset, &header, none));
}

int forbid_core_dumps() {
    const rlimit none{0, 0};
    return ::setrlimit(RLIMIT_CORE, &none);
}

constexpr unsigned long kSecurebits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP_LOCKED |
                                      SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
                                      SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;

} // namespace

Result<int> confine(const Confinement& to) {
    if (to.uid == 0 || (to.root && to.gid == 0)) return failed("user", EINVAL);
    // First what needs files and memory: after Landlock and seccomp neither could be prepared.
    auto standing = TRY(at("proc", Standing::open()));
    const auto needs = prepare_sanitizer();
    CHECK(at("threads", standing.single_threaded())); // a second thread would keep what this one gives up
    auto readable = to.readable;
    readable.insert(readable.end(), needs.readable.begin(), needs.readable.end());
    auto landlock = TRY(at("landlock", Landlock::prepare(to.writable, readable, to.connects)));
    if (landlock.abi() == 0 && to.landlock_required) return failed("landlock", ENOSYS);
    const auto filter = TRY(at("seccomp", Filter::prepare(to.connects, needs)));

    if (to.root) {
        // The bounding set and the securebits need CAP_SETPCAP, which goes with the uid.
        CHECK(at("bounding_set", drop_bounding_set()));
        CHECK(at("securebits", ::prctl(PR_SET_SECUREBITS, kSecurebits, 0, 0, 0)));
        // Groups, then gid, then uid: each needs a right that the next one ends.
        CHECK(at("groups", ::setgroups(0, nullptr)));
        CHECK(at("gid", ::setresgid(to.gid, to.gid, to.gid)));
        CHECK(at("uid", ::setresuid(to.uid, to.uid, to.uid)));
    }
    CHECK(at("capabilities", drop_capabilities()));
    // After the uid, whose change clears both: memory holds keys, and an orphan would serve without a spawner.
    CHECK(at("dumpable", ::prctl(PR_SET_DUMPABLE, needs.dumpable ? 1 : 0, 0, 0, 0)));
    CHECK(at("core_dumps", forbid_core_dumps()));
    CHECK(at("parent_death", ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)));
    // Landlock and seccomp ask for no_new_privs of a process without CAP_SYS_ADMIN.
    CHECK(at("no_new_privs", ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)));
    CHECK(at("landlock", landlock.restrict_self()));
    // Last: the filter refuses all that stands above.
    CHECK(at("seccomp", filter.load()));
    // Not what was asked for but what the kernel says there is.
    CHECK(at("verify", standing.verify(to, landlock.abi())));
    return landlock.abi();
}

} // namespace owhale
