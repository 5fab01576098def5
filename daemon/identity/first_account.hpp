// The first account of local mode: admin/admin, which can do one thing, and who may do it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string_view>

#include "shared/api.hpp"
#include "shared/error.hpp"

namespace owhale::identity {

struct Core;

inline constexpr std::string_view kFirstName = "admin", kFirstPassword = "admin";

// At the start, before the first request: makes the account when there is none and the mode has one, and, for as long
// as its password is the first, the file STATE/setup-code (mode 0600), anew each time.
boost::asio::awaitable<Status> prepare_first_account(Core& core);
// Its password is its own now: the file goes.
void forget_setup_code(Core& core);
// For `doctor`: who changed the first password, when and from where; or that nobody has.
Result<api::Check> check_first_password(Core& core);
// The same in a few words, for the table of the modes.
Result<std::string> first_account_now(Core& core);

} // namespace owhale::identity
