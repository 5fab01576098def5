// Where the agent that started us works, as headers of its messages: owhaled takes them for arguments that a tool call leaves
// out (daemon/mcp/endpoint.hpp).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/environment.hpp"

namespace owhale::cli {

using McpHeaders = std::vector<std::pair<std::string, std::string>>;

// Owhale-Cwd, Owhale-Path and Owhale-Home, percent-encoded. `folder`: absolute, "" when it is gone. One that is no UTF-8, or
// too long for a header, is left out.
McpHeaders surroundings(const std::string& folder, const Lookup& lookup);

// Those of this process.
McpHeaders own_surroundings();

} // namespace owhale::cli
