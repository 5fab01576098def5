// The vault's passphrase on its way from a person at the terminal to the broker: the supervisor asks for it once, and hands it
// through a pipe to each broker that it starts.
#pragma once

#include "base/fd.hpp"
#include "base/secret_bytes.hpp"
#include "config/settings.hpp"

namespace owhale {

// Asks on /dev/tty, without echo; empty without a terminal. Of supervisors whose settings want it (vault::asks_passphrase).
SecretBytes ask_passphrase();
// The pipe's end to read from, everything in it; OWHALE_VAULT_PASSPHRASE names it to the broker. Invalid when it is empty.
Fd pipe_passphrase(const SecretBytes& passphrase);
// In the broker: what the pipe holds, empty without one.
SecretBytes take_passphrase();

} // namespace owhale
