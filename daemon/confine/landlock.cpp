#include "confine/landlock.hpp"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace owhale {
namespace {

// include/uapi/linux/landlock.h of Linux 6.12; Debian 12's header ends at ABI 2.
constexpr std::uint64_t kTruncate = 1ull << 14;     // ABI 3, Linux 6.2
constexpr std::uint64_t kIoctlDev = 1ull << 15;     // ABI 5, Linux 6.10
constexpr std::uint64_t kBindTcp = 1ull << 0;       // ABI 4, Linux 6.7
constexpr std::uint64_t kConnectTcp = 1ull << 1;    // ABI 4
constexpr std::uint64_t kScopeAbstract = 1ull << 0; // ABI 6, Linux 6.12
constexpr std::uint64_t kScopeSignal = 1ull << 1;   // ABI 6
struct Attributes {
    std::uint64_t filesystem, network, scoped;
};

constexpr std::uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kWrite = kRead | kTruncate | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
                                 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REFER;
// Handled and granted nowhere.
constexpr std::uint64_t kNever = kIoctlDev | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                                 LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                                 LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM;
constexpr std::uint64_t kForFiles = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | kTruncate;

std::uint64_t known_to(int abi) {
    auto known = kWrite | kNever;
    if (abi < 5) known &= ~kIoctlDev;
    if (abi < 3) known &= ~kTruncate;
    if (abi < 2) known &= ~static_cast<std::uint64_t>(LANDLOCK_ACCESS_FS_REFER);
    return known;
}

std::size_t size_for(int abi) {
    return abi >= 6 ? sizeof(Attributes) : abi >= 4 ? 2 * sizeof(std::uint64_t) : sizeof(std::uint64_t);
}

} // namespace

Result<Landlock> Landlock::prepare(const std::vector<std::string>& writable, const std::vector<std::string>& readable,
                                   bool connects) {
    const auto abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 0 && errno != ENOSYS && errno != EOPNOTSUPP) return fail_errno("landlock_create_ruleset");
    Landlock landlock(abi < 0 ? 0 : static_cast<int>(abi));
    if (landlock.abi_ == 0) return landlock;
    landlock.known_ = known_to(landlock.abi_);
    const Attributes attributes{landlock.known_, connects ? kBindTcp : kBindTcp | kConnectTcp,
                                kScopeAbstract | kScopeSignal};
    landlock.rules_.reset(
        static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, size_for(landlock.abi_), 0)));
    if (!landlock.rules_) return fail_errno("landlock_create_ruleset");
    for (const auto& path : writable) CHECK(landlock.allow(path, kWrite));
    for (const auto& path : readable) CHECK(landlock.allow(path, kRead));
    return landlock;
}

Status Landlock::allow(const std::string& path, std::uint64_t access) const {
    const Fd at(::open(path.c_str(), O_PATH | O_CLOEXEC));
    if (!at && (errno == ENOENT || errno == ENOTDIR)) return {};
    struct stat st{};
    if (!at || ::fstat(at.get(), &st) != 0) return fail_errno(path);
    landlock_path_beneath_attr rule{};
    rule.allowed_access = access & known_ & (S_ISDIR(st.st_mode) ? ~std::uint64_t{0} : kForFiles);
    rule.parent_fd = at.get();
    if (::syscall(SYS_landlock_add_rule, rules_.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
        return fail_errno(path);
    return {};
}

Status Landlock::restrict_self() const {
    if (abi_ == 0) return {};
    if (::syscall(SYS_landlock_restrict_self, rules_.get(), 0) != 0) return fail_errno("landlock_restrict_self");
    return {};
}

} // namespace owhale
