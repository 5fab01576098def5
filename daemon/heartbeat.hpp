// Tells the service manager that owhaled lives, as long as it does (WatchdogSec=, sd_watchdog_enabled(3)).
#pragma once

#include <boost/asio/awaitable.hpp>

#include "notify.hpp"
#include "sandbox/spawner_channel.hpp"

namespace owhale {

// Three times in each interval of the manager's the spawner is asked; its answer, read by the io thread that runs this,
// is what is told. So neither of the two can hang unnoticed: no word comes, and the manager ends and restarts owhaled.
// Without a watchdog it returns at once. Both arguments outlive it.
boost::asio::awaitable<void> keep_watch(const Notify& notify, sandbox::SpawnerChannel& spawner);

} // namespace owhale
