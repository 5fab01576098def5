// `owhalectl mcp`: an MCP server on stdin and stdout that carries each message to owhaled's /mcp, and what comes back to
// stdout. Several at once, bounded both ways; owhaled's absence is an error for each request, never an end.
#pragma once

#include "cli/where.hpp"

namespace owhale::cli {

// Until the end of the input, a reader of stdout that is gone, or INT, TERM or HUP: what is under way is then cancelled, and
// within two seconds all is over. An end of the input leaves a second for what is nearly answered.
[[noreturn]] void bridge_mcp(const Where& where);

} // namespace owhale::cli
