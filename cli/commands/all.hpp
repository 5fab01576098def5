// The whole tree, or the part of it that a command line is about.
#pragma once

#include <string>
#include <vector>

#include "cli/commands/commands.hpp"

namespace owhale::cli {

// The options of the whole tool, and of its commands those alone whose name is among the words. False when that is not
// enough: none is, or one that looks at the whole tree. Declaring all of them takes a quarter of a short command's time.
bool declare_named(Command root, Globals& globals, const std::vector<std::string>& words);

} // namespace owhale::cli
