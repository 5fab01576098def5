// Who asks: a principal, and what it may do. A permission is a verb's right over its own things or over anyone's.
#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>

namespace owhale::identity {

enum class Kind { unix_uid, user, device, run };

// What a verb asks for; `shared/verbs.hpp` names one per verb, and a verb without one does not compile.
enum class Permission : std::uint32_t {
    none = 0, // health, openapi: anyone who can reach the socket
    runs_create = 1,
    runs_read = 2,
    runs_control = 4, // signal, kill, delete, attach, exec
    audit_read = 8,
    system_read = 16, // status, doctor, profiles
    boxes = 32,
};

struct Principal {
    Kind kind = Kind::unix_uid;
    uid_t uid = static_cast<uid_t>(-1);
    gid_t gid = static_cast<gid_t>(-1);
    std::string name;      // "unix:1000"
    std::uint32_t own = 0; // Permissions over its own things
    std::uint32_t any = 0; // and over everyone's

    bool may(Permission permission, bool its_own) const {
        const auto bit = static_cast<std::uint32_t>(permission);
        return bit == 0 || ((its_own ? own | any : any) & bit) != 0;
    }
};

// The principal of a Unix connection whose credentials the spawner noted at accept. Every uid holds `agent`
// (runs_*, boxes, system_read, audit_read over its own); uid 0 also reads the audit log of all (root mode).
Principal of_unix(uid_t uid, gid_t gid);

} // namespace owhale::identity
