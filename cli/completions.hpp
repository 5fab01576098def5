// Completion scripts for shells, made from the command tree.
#pragma once

#include <string>

#include "cli/tree.hpp"

namespace owhale::cli {

std::string bash_completion(const Described& root);
std::string zsh_completion(const Described& root);
std::string fish_completion(const Described& root);

} // namespace owhale::cli
