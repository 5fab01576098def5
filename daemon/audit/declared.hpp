// Says so in the daemon's own log when an event is other than the table of events says. It is written all the same:
// to lose it would be worse.
#pragma once

#include "audit/event.hpp"

namespace owhale::audit {

// Once for each name; from any thread.
void tell_undeclared(const Event& event);

} // namespace owhale::audit
