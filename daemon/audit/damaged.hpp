// The error of a log that does not start: where to look at it is its own folder, spelled out. Its sentences are lines.
#pragma once

#include <expected>
#include <string>

#include "shared/error.hpp"

namespace owhale::audit {

// What to do with a log that cannot be gone on with, a line each. `path`: of its audit.db.
std::string back_or_anew(const std::string& path);

// `path`: of its audit.db; `then`: what to do once it was looked at.
std::unexpected<Error> damaged_log(std::string what, const std::string& path, const std::string& then);

} // namespace owhale::audit
