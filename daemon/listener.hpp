// The listeners: the Unix socket, and TCP. The supervisor makes them and keeps them, so that connections wait in their queue
// while the others start again; the spawner accepts on them; the broker never has them.
#pragma once

#include <string>

#include "base/fd.hpp"
#include "shared/error.hpp"

namespace owhale {

// Binds and listens. A socket left by a dead owhaled is replaced; a live one's is not (conflict). Everybody may connect
// (0666): who may do what is decided by the uid noted at accept. Rootless: the owner alone (0600).
Result<Fd> listen_on(const std::string& path, bool rootless);

// `where` as config::parse_endpoint reads it. An IPv6 address takes no IPv4. config_invalid when it is not an address of
// this machine; conflict when somebody else listens there.
Result<Fd> listen_on_tcp(const std::string& where);

} // namespace owhale
