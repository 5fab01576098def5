// The normal form as text, one line a command: for tests, and for people who look for a mistake.
#pragma once

#include <string>

#include "policy/normal/command.hpp"

namespace owhale::policy {

// "rm -r -f | / | remove:/:r | via sudo | fact background"; parts that are empty are left out.
std::string dump(const SimpleCommand& command);
std::string dump(const NormalForm& form); // lines, each ended

std::string_view name_of(Act act);

} // namespace owhale::policy
