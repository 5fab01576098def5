// A connection to owhaled over TCP, plain on this machine or through TLS.
#pragma once

#include "cli/where.hpp"

namespace owhale::cli {

// Connected to somebody trusted, or refused before anything was sent. May ask at the terminal whether to believe a
// certificate that was never seen.
Result<Peer> connect_tcp(const Host& host);

} // namespace owhale::cli
