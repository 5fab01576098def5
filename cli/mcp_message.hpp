// What the bridge has to know of a JSON-RPC message that it carries: whom it is answered to, and what HTTP's headers say of
// it (MCP 2025-11-25 and 2026-07-28, "Streamable HTTP"). It judges nothing: that is owhaled's.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/error.hpp"

namespace owhale::cli {

// JSON-RPC 2.0's codes, and the one of its range for servers that stands for owhaled's refusals and for its absence.
enum McpCode : int { kParseError = -32700, kInvalidRequest = -32600, kServerError = -32000 };

struct McpMessage {
    std::string text;                  // as it came
    std::string id;                    // as JSON; "" none: a notification, an answer, or several messages at once
    std::vector<std::string> ids;      // of several at once: those of the requests among them
    std::string method, name, version; // version: of a message that carries its own (2026-07-28)
    std::string cancels;               // the id, as JSON, that a notifications/cancelled takes back

    bool stateless() const { return !version.empty(); }
    bool is_request() const { return !id.empty() || !ids.empty(); }
    bool starts_session() const { return method == "initialize" && !id.empty(); }
};

// What a client wrote; else the line that answers what is no JSON.
std::expected<McpMessage, std::string> read_mcp(std::string line);

// What the last initialize came to; "" none yet.
struct McpSession {
    std::string version, id;
};

// Mcp-Method, Mcp-Name, MCP-Protocol-Version and Mcp-Session-Id, as far as the message's revision has them.
std::vector<std::pair<std::string, std::string>> mcp_headers(const McpMessage& message, const McpSession& session);

struct McpAnswer {
    std::string line;   // for stdout, its newline included
    bool last = false;  // a result or an error: nothing more is said to that request
    std::string agreed; // result.protocolVersion, "" none
};
// One message from owhaled as a line. An error that names no request is that of the request with `id`. None when it is no
// JSON-RPC.
std::optional<McpAnswer> read_mcp_answer(std::string_view text, std::string_view id);

// An error's line. `id` as JSON, "" is null.
std::string mcp_error(std::string_view id, int code, std::string_view message);
// The same of an Error: its code and next step are in `data`, and the step in the message too, for a model to read.
std::string mcp_error(std::string_view id, const Error& error);
// The line that answers all requests in a message so.
std::string mcp_error(const McpMessage& message, const Error& error);

} // namespace owhale::cli
