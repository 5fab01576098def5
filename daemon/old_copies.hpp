// Lets the copies go that changes of the schema kept (store/copy.hpp): at the start, and each day.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <string>

namespace owhale {

// How long one is kept: a month, to go back to the older version; no longer than the bodies of audit events, where these have
// an end (`retention`, 0: none), since audit.db's copy holds them too.
std::chrono::seconds age_of_copies(std::chrono::milliseconds retention);

// Of this state folder, for as long as the loop runs. What fails is said in the log, and tried again the next day.
boost::asio::awaitable<void> drop_old_copies(std::string state_dir, std::chrono::milliseconds retention);

} // namespace owhale
