#include "identity/principal.hpp"

namespace owhale::identity {
namespace {

using enum Permission;

constexpr std::uint32_t bits(auto... permissions) {
    return (static_cast<std::uint32_t>(permissions) | ... | 0u);
}

constexpr std::uint32_t kSelf =
    bits(account, sessions, tokens, devices, system_read, audit_read, approvals_read, events);
constexpr std::uint32_t kRuns = bits(runs_create, runs_read, runs_control, boxes);
// What a person has who answers for what agents do.
constexpr std::uint32_t kDecides = bits(approvals_read, approvals_decide, grants, events);

} // namespace

const std::vector<PermissionRow>& permissions() {
    static const std::vector<PermissionRow> all = {
        {runs_create, "runs_create"},
        {runs_read, "runs_read"},
        {runs_control, "runs_control"},
        {audit_read, "audit_read"},
        {system_read, "system_read"},
        {boxes, "boxes"},
        {account, "account"},
        {sessions, "sessions"},
        {tokens, "tokens"},
        {users, "users"},
        {approvals_read, "approvals_read"},
        {approvals_decide, "approvals_decide"},
        {grants, "grants"},
        {events, "events"},
        {freeze, "freeze"},
        {secrets, "secrets"},
        {hosts, "hosts"},
        {metrics, "metrics"},
        {devices, "devices"},
    };
    return all;
}

const std::vector<RoleRow>& roles() {
    static const std::vector<RoleRow> all = {
        {kAdmin, "admin", kSelf | kRuns | bits(secrets, hosts),
         kRuns | kDecides |
             bits(audit_read, system_read, sessions, tokens, devices, users, freeze, secrets, hosts, metrics)},
        {kApprover, "approver", kSelf, kDecides | bits(runs_read, system_read, freeze, hosts, metrics)},
        {kAgent, "agent", kSelf | kRuns | bits(grants, freeze, secrets, hosts), 0},
        {kAuditor, "auditor", kSelf, bits(audit_read, system_read, approvals_read, events, metrics)},
        // Of a person who logs in only what it takes to have a password; a token keeps nothing of that.
        {kMonitor, "monitor", bits(account, sessions), bits(metrics)},
    };
    return all;
}

std::vector<std::string> role_names(std::uint32_t set) {
    std::vector<std::string> names;
    for (const auto& row : roles())
        if ((set & row.role) != 0) names.emplace_back(row.name);
    return names;
}

bool covers(std::uint32_t wide, std::uint32_t narrow) {
    Principal over, under;
    grant(over, wide);
    grant(under, narrow);
    return (under.own & ~(over.own | over.any)) == 0 && (under.any & ~over.any) == 0;
}

void grant(Principal& principal, std::uint32_t role_set) {
    principal.role_set = role_set;
    principal.own = principal.any = 0;
    for (const auto& row : roles())
        if ((role_set & row.role) != 0) principal.own |= row.own, principal.any |= row.any;
}

} // namespace owhale::identity
