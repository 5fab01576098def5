// Files that a later, uncaged program would run, and that were not there before a run.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "sandbox/looker.hpp"
#include "sandbox/run.hpp"

namespace owhale::sandbox {

// Those of the run's `absent` files that exist now, and what a second scan of its workspace finds that the first did not,
// looked up with the caller's rights. When that cannot be done (the
// client's connection has gone), the receipt's `weaker` says so.
boost::asio::awaitable<std::vector<std::string>> find_planted(Run& run, Looker& looker, const Tables& tables);

} // namespace owhale::sandbox
