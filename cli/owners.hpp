// Who may stand behind an address that we send passwords to: root, owhaled, or ourselves.
#pragma once

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "shared/error.hpp"

namespace owhale::cli {

// Whether what this user's programs read is safe with us: uid 0, the user "owhaled", or our own.
bool trusted(uid_t uid);

// Whether nobody but `owner` (and root) can change what this is said of.
bool is_alone(const struct stat& info, uid_t owner);

// Of a loopback address with plain HTTP: refused (forbidden) unless the socket that listens there, as
// /proc/net/tcp{,6} tells, belongs to somebody trusted. Any user may listen on a port while owhaled does not. Of our own
// uid's sockets only those held in our own user and pid namespaces are: a caged command has our uid too.
Status check_listener(const sockaddr* address);

} // namespace owhale::cli
