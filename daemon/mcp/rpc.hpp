// JSON-RPC 2.0 as the Model Context Protocol narrows it: ids are strings or whole numbers, params are objects. Pure.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <expected>
#include <string>
#include <string_view>

namespace owhale::mcp {

namespace json = boost::json;

enum RpcCode : int {
    kParseError = -32700,
    kInvalidRequest = -32600,
    kMethodNotFound = -32601,
    kInvalidParams = -32602,
    kInternalError = -32603,
    kHeaderMismatch = -32020, // these two are of revision 2026-07-28
    kUnsupportedVersion = -32022,
};

struct RpcError {
    int code = kInternalError;
    std::string message;
    json::value data = nullptr; // null: none
    unsigned status = 200;      // of the HTTP answer
};

struct Message {
    enum class Kind { request, notification, response };
    Kind kind = Kind::notification;
    json::value id = nullptr; // of a request, as it came
    std::string method;
    json::object params;

    // params._meta; an empty object when there is none.
    const json::object& meta() const;
};

struct Rejected {
    json::value id = nullptr; // null: it could not be read
    RpcError error;
};

// A string of at most 256 bytes or a whole number: what an id, and a token for progress, may be.
bool is_token(const json::value& value);

// At most 128 bytes of method. Members that JSON-RPC does not know are refused.
std::expected<Message, Rejected> read_message(json::value&& value);

json::object result_message(const json::value& id, json::object result);
// Without an id where that could not be read, as the revisions want it.
json::object error_message(const json::value& id, const RpcError& error);
json::object notification_message(std::string_view method, json::object params);

} // namespace owhale::mcp
