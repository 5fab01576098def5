// The known name that somebody most likely meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace owhale::cli {

// The name within a third of its length in edits; "" when none is so near.
std::string nearest(std::string_view meant, const std::vector<std::string>& known);

} // namespace owhale::cli
