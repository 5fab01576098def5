// What a run left behind for a later, uncaged program to run or to follow, and that was not there before it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "sandbox/looker.hpp"
#include "sandbox/run.hpp"

namespace owhale::sandbox {

// Those of the run's `absent` files that exist now, what a second scan of its workspace finds that the first did not, and what
// lies in the agent's state folders since the run began: "PATH -> TARGET" of links, "PATH (a fifo)" of what is no file,
// "FOLDER (not looked through in full)". Looked up with the caller's rights. When that cannot be done (the client's
// connection has gone), the receipt's `weaker` says so.
boost::asio::awaitable<std::vector<std::string>> find_planted(Run& run, Looker& looker, const Tables& tables);

} // namespace owhale::sandbox
