// Which owhaled to speak to: finds its Unix socket and makes sure of whose it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "base/fd.hpp"
#include "shared/error.hpp"

namespace owhale::cli {

struct Socket {
    std::string path;
    std::string source; // "--socket", "OWHALE_SOCKET", "the system's", "XDG_RUNTIME_DIR"
};

// Where a socket may be: the flag's path alone, else OWHALE_SOCKET's alone, else the system's and then ours.
std::vector<Socket> candidates(const std::string& flag);

struct Peer {
    Fd fd; // connected, blocking
    Socket where;
    pid_t pid = 0;
    uid_t uid = 0;
};

// Connects to the first candidate that answers. Refused, whichever it is, when the socket's file or the listener
// (SO_PEERCRED) belongs to anyone but root, the user "owhaled" or ourselves: what we send would be theirs to read.
Result<Peer> connect_any(const std::vector<Socket>& where);

} // namespace owhale::cli
