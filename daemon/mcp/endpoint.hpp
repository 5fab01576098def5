// POST /mcp: the Model Context Protocol over Streamable HTTP.
//
// A client that knows its user's surroundings may send them as headers, percent-encoded: Owhale-Cwd (where commands run
// when their arguments name no cwd), Owhale-Path (PATH), Owhale-Home (HOME). They are no more than arguments left out.
//
// A message is read, its revision told by itself, and a tool call becomes requests of the API by the same caller. Nothing
// is remembered between messages but calls under way and a level of log messages, both bounded (calls.hpp).
#pragma once

#include <string>

#include "transport/exchange.hpp"
#include "transport/inside.hpp"

namespace owhale::mcp {

struct Parts {
    transport::AskInside ask; // outlives the routes
    std::string version;      // of owhaled
};

transport::Route route(Parts parts);

} // namespace owhale::mcp
