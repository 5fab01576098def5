// Requests as they come, followed from owhaled: on the screen, where they are decided, or as lines.
#pragma once

#include <string>

#include "cli/context.hpp"

namespace owhale::cli {

// Until the person leaves, or a signal ends us: the exit code.
Result<int> watch_on_screen(Context& context, const std::string& hook);
// For ever, one line each: as JSON, or as text where a table was asked for.
Result<int> watch_in_lines(Context& context, const std::string& hook);

} // namespace owhale::cli
