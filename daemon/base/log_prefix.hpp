// How a line begins that base/log.hpp does not write.
#pragma once

#include <string>

#include "base/log.hpp"

namespace owhale::log {

// "<4>" where the journal reads stderr, else nothing.
std::string prefix(Level level);

} // namespace owhale::log
