// What POST /mcp takes and answers with: one JSON-RPC 2.0 message of the Model Context Protocol. See shared/api.hpp for the
// conventions; daemon/mcp reads it with the rules of that protocol, which are stricter.
#pragma once

#include <boost/describe.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>

namespace owhale::api {

struct McpMessage {
    std::string jsonrpc;                  // "2.0"
    std::optional<boost::json::value> id; // a string or a whole number; a notification has none
    std::optional<std::string> method;    // of a request or a notification
    std::optional<boost::json::value> params, result, error;
};
BOOST_DESCRIBE_STRUCT(McpMessage, (), (jsonrpc, id, method, params, result, error))

} // namespace owhale::api
