// One event of the log: how it is asked for, and what its text says.
#pragma once

#include "audit/log.hpp"

namespace owhale::audit {

// That event alone; 0 finds none.
Query event_at(std::uint64_t seq);
// When it was, as it says itself; "" when its text is no longer kept, or cannot be read.
std::string time_of(const Row& row);

} // namespace owhale::audit
