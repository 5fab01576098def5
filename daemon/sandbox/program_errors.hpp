// The words for a program that cannot be run, and the exit codes that a shell has for them.
#pragma once

#include <string>

#include "shared/error.hpp"

namespace owhale::sandbox {

inline constexpr int kNotFound = 127, kNotExecutable = 126;

Error not_found(const std::string& program, const std::string& said);
Error not_executable(const std::string& program);
// The exec itself failed, inside the cage.
Error exec_error(const Error& error, const std::string& program, bool is_script);

} // namespace owhale::sandbox
