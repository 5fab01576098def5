// Who a resolve, and the run that follows, may be: from the connection that the spawner accepted, never from the
// broker's word.
#pragma once

#include "spawner/connections.hpp"
#include "spawner/options.hpp"
#include "spawner/resolve.hpp"

namespace owhale::spawner {

// Of a caller with these credentials: root's callers run as the reserved uid.
Rights rights_of(Identity identity, const Options& options);
// Fills identity, run ids, home, user, parent of the question. The error's message is the step that `resolved` names
// ("connection", "user"), its errno says why: EPERM, ENOENT (no such user), ENOTCONN, EEXIST (an account's uid has an
// owner on this machine).
Status set_rights(Question& question, const Connections& connections, const Options& options);

} // namespace owhale::spawner
