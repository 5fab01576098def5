#include "identity/principal.hpp"

namespace owhale::identity {
namespace {

constexpr std::uint32_t bits(auto... permissions) {
    return (static_cast<std::uint32_t>(permissions) | ...);
}

using enum Permission;
constexpr std::uint32_t kAgent = bits(runs_create, runs_read, runs_control, audit_read, system_read, boxes);
constexpr std::uint32_t kAuditor = bits(audit_read, system_read);

} // namespace

Principal of_unix(uid_t uid, gid_t gid) {
    Principal principal{Kind::unix_uid, uid, gid, "unix:" + std::to_string(uid), kAgent, 0};
    if (uid == 0) principal.any = kAuditor;
    return principal;
}

} // namespace owhale::identity
