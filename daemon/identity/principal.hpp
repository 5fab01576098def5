// Who asks: a principal, and what it may do. A permission is a verb's right over its own things or over anyone's.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace owhale::identity {

enum class Kind {
    unix_uid,  // "unix:1000": the kernel's word at accept
    user,      // "user:alice": a token of an account
    device,    // "device:<id>": a signature by the key of a paired device
    run,       // "run:<id>": came by a run's own listener, or over loopback from a run's cgroup
    anonymous, // "tcp": no token was shown
};

// What a verb asks for; `shared/verbs.hpp` names one per verb, and a verb without one stops the start.
enum class Permission : std::uint32_t {
    none = 0, // health, openapi, login: anyone who can reach the socket
    runs_create = 1,
    runs_read = 2,
    runs_control = 4, // signal, kill, delete, attach, exec
    audit_read = 8,
    system_read = 16, // status, doctor, profiles, mode
    boxes = 32,
    account = 64, // one's own: password, step-up, logout
    sessions = 128,
    tokens = 256,
    users = 512,           // accounts, access to the socket, keys
    approvals_read = 1024, // requests, events about them
    approvals_decide = 2048,
    grants = 4096,
    events = 8192,
    freeze = 16384,   // the red button
    secrets = 32768,  // the vault: names and use; a value's change and reading need step-up
    hosts = 65536,    // which hosts runs may reach
    metrics = 131072, // everybody's counts and times
    devices = 262144  // one's paired devices, and pairing them
};

struct PermissionRow {
    Permission permission;
    std::string_view name; // as the verb table and `whoami` spell it
};
const std::vector<PermissionRow>& permissions();

enum Role : std::uint32_t { kAdmin = 1, kApprover = 2, kAgent = 4, kAuditor = 8, kMonitor = 16 };

struct RoleRow {
    Role role;
    std::string_view name;
    std::uint32_t own, any; // Permissions that it holds
};
const std::vector<RoleRow>& roles();
// The names of a set of roles, in the table's order.
std::vector<std::string> role_names(std::uint32_t set);

// The request that a device signed, as it can be proved to others later (RFC 9421).
struct Signed {
    std::array<std::uint8_t, 32> key{}; // Ed25519
    std::array<std::uint8_t, 64> signature{};
    std::array<std::uint8_t, 32> digest{}; // of the body, SHA-256
    std::string base;                      // what is signed
    std::string body;                      // of a short one, once it is there
};

struct Principal {
    Kind kind = Kind::anonymous;
    std::string name = "tcp"; // "unix:1000", "user:alice", "run:<id>"
    std::string why;          // for `whoami`: which fact or table row made it so
    std::uint32_t role_set = 0;
    std::uint32_t own = 0; // Permissions over its own things
    std::uint32_t any = 0; // and over everyone's

    uid_t uid = static_cast<uid_t>(-1); // of a Unix connection, whatever token it shows; else -1
    gid_t gid = static_cast<gid_t>(-1);

    // Kind::user; of a device its owner's
    std::string user;                  // account name
    std::int64_t account = 0;          // its number, never reused; what the spawner makes the reserved uid of
    std::string session;               // jti of the token; of a device its id
    bool must_change = false;          // the password first: nothing else is permitted
    bool for_agent = false;            // a token that was minted for an agent: it never steps up
    bool frozen = false;               // such a token, while its account is frozen: nothing is permitted
    std::int64_t expires = 0;          // of the token, microseconds since the epoch
    std::string profile, cwd;          // what the token confines runs to; "" anything
    std::int64_t password_changed = 0; // of the account, microseconds; 0 never: a step-up of before is void

    // Kind::device
    std::string device; // as its owner calls it
    std::uint32_t powers =
        0; // that it was given (identity/powers.hpp); what its owner has of them now is in own and any
    // of the request at hand; null inside of one
    std::shared_ptr<const Signed> signature;

    // Kind::run
    std::uint64_t run = 0; // the parent run's number on the wire
    std::string run_id;

    // The person behind it, whose things are its own: of a device its owner, "user:alice"; else itself.
    std::string person() const { return kind == Kind::device ? "user:" + user : name; }

    bool may(Permission permission, bool its_own) const {
        const auto bit = static_cast<std::uint32_t>(permission);
        if (frozen && bit != 0) return false;
        return bit == 0 || ((its_own ? own | any : any) & bit) != 0;
    }
};

// Whether whoever holds the roles `wide` may do all that `narrow` may.
bool covers(std::uint32_t wide, std::uint32_t narrow);
// Gives a principal what its roles hold.
void grant(Principal& principal, std::uint32_t role_set);

} // namespace owhale::identity
