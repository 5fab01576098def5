// Finds owhaled's Unix socket and makes sure of whose it is.
#pragma once

#include <vector>

#include "cli/where.hpp"

namespace owhale::cli {

// Connects to the first candidate that answers. Refused, whichever it is, when the socket's file or the listener
// (SO_PEERCRED) belongs to anyone but root, the user "owhaled" or ourselves: what we send would be theirs to read.
Result<Peer> connect_unix(const std::vector<Socket>& where);

// The same over TCP, when `where` names a host.
Result<Peer> connect_to(const Where& where);

} // namespace owhale::cli
