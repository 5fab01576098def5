// The error of a log that does not start: where to look at it is its own folder, spelled out.
#pragma once

#include <expected>
#include <string>

#include "shared/error.hpp"

namespace owhale::audit {

inline constexpr auto kBackOrAnew =
    "put audit.db back from a backup, or move audit.db and audit.key away together: a new log begins";

// `path`: of its audit.db; `then`: what to do once it was looked at.
std::unexpected<Error> damaged_log(std::string what, const std::string& path, const std::string& then);

} // namespace owhale::audit
