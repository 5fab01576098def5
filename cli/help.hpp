// The help of a command, as text.
#pragma once

#include <string>

#include "cli/tree.hpp"

namespace owhale::cli {

// `path` is how the command is called: "owhalectl runs ls".
std::string help_text(const Described& command, const std::string& path);

} // namespace owhale::cli
