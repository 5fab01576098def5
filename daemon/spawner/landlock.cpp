#include "spawner/landlock.hpp"

#include <cerrno>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

#include "base/fd.hpp"
#include "spawner/kernel.hpp"

namespace owhale::spawner {
namespace {

constexpr std::uint64_t kRead = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kFileWrite =
    LANDLOCK_ACCESS_FS_WRITE_FILE | kernel::kLandlockTruncate | kernel::kLandlockIoctlDev;
constexpr std::uint64_t kTreeWrite = kFileWrite | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                                     LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                                     LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                                     LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER;
// Device nodes are handled and granted nowhere.
constexpr std::uint64_t kAll = kRead | kTreeWrite | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK;

std::uint64_t known_to(int abi) {
    auto known = kAll;
    if (abi < 5) known &= ~kernel::kLandlockIoctlDev;
    if (abi < 3) known &= ~kernel::kLandlockTruncate;
    if (abi < 2) known &= ~static_cast<std::uint64_t>(LANDLOCK_ACCESS_FS_REFER);
    return known;
}

class Ruleset {
public:
    explicit Ruleset(const JailPlan& plan) : known_(known_to(plan.landlock_abi)) {
        const kernel::LandlockRulesetAttr attributes{known_, 0,
                                                     plan.scope_abstract ? kernel::kLandlockScopeAbstract : 0};
        const std::size_t size = plan.landlock_abi >= 6 ? sizeof attributes : sizeof attributes.handled_access_fs;
        fd_.reset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, size, 0)));
        if (!fd_) err_ = errno;
    }
    // What is not there needs no rule; whatever else goes wrong is an error.
    void allow(const char* path, std::uint64_t access) {
        if (err_ != 0) return;
        const Fd at(::open(path, O_PATH | O_CLOEXEC));
        if (!at) {
            if (errno != ENOENT) err_ = errno;
            return;
        }
        landlock_path_beneath_attr rule{};
        rule.allowed_access = access & known_;
        rule.parent_fd = at.get();
        if (::syscall(SYS_landlock_add_rule, fd_.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) err_ = errno;
    }
    int finish(Fd& ruleset) {
        ruleset = std::move(fd_);
        return err_;
    }

private:
    std::uint64_t known_;
    Fd fd_;
    int err_ = 0;
};

} // namespace

int landlock_abi() {
    const auto abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return abi < 0 ? 0 : static_cast<int>(abi);
}

int restrict_by(int ruleset) {
    return ruleset < 0 || ::syscall(SYS_landlock_restrict_self, ruleset, 0) == 0 ? 0 : errno;
}

int restrict_by_landlock(const JailPlan& plan, Fd& ruleset) {
    if (plan.landlock_abi == 0) return 0; // told in the receipt; strict mode has refused the run before
    Ruleset rules(plan);
    rules.allow("/", kRead);
    rules.allow("/dev", kFileWrite);
    rules.allow("/proc", kFileWrite); // /proc/self/oom_score_adj and the like; what the host's uids own stays refused
    for (const auto& mount : plan.mounts)
        if (mount.landlock_write) rules.allow(mount.target.c_str(), mount.is_file ? kFileWrite : kTreeWrite);
    if (const int err = rules.finish(ruleset); err != 0) return err;
    return restrict_by(ruleset.get());
}

} // namespace owhale::spawner
