// How a run ended, by the log: for rows that a crash left live.
#pragma once

#include <string_view>

#include "shared/api.hpp"

namespace owhale::sandbox {

// Of its run.outcome, an event as the log has it. False, with nothing taken, when that tells no end.
bool take_logged_end(api::Run& run, std::string_view event);

} // namespace owhale::sandbox
