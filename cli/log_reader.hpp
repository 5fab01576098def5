// A run's kept output, both streams, to ours.
#pragma once

#include <string>
#include <vector>

#include "cli/where.hpp"

namespace owhale::cli {

// With `follow` until the run ends. Says on stderr where the middle of a long output was not kept.
Status read_logs(const Where& where, const std::string& run, bool follow);

} // namespace owhale::cli
