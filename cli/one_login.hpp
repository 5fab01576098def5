// An account for one act alone: its session ends with it, and no token is kept.
#pragma once

#include <string>

#include "cli/context.hpp"

namespace owhale::cli {

// The answer to a call that is made with the account that the person at the terminal names, and its password.
Result<std::string> ask_once_logged_in(Context& context, Call call);

} // namespace owhale::cli
