#include "cli/mcp_message.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstring>

#include "cli/events.hpp"

namespace owhale::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostDepth = 64;
constexpr std::size_t kMostHeader = 1024; // a longer one is left out: owhaled says that it is missing
constexpr std::string_view kVersion = "io.modelcontextprotocol/protocolVersion";

json::value parse(std::string_view text, boost::system::error_code& error) {
    json::parse_options options;
    options.max_depth = kMostDepth;
    return json::parse(json::string_view(text.data(), text.size()), error, {}, options);
}

const json::object* member_object(const json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    return value == nullptr ? nullptr : value->if_object();
}

std::string member_text(const json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// As JSON; "" of what can be no id.
std::string member_id(const json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    return value != nullptr && (value->is_string() || value->is_number()) ? json::serialize(*value) : std::string();
}

void read_params(McpMessage& message, const json::object& params) {
    message.name = member_text(params, message.method == "resources/read" ? "uri" : "name");
    if (message.method == "notifications/cancelled") message.cancels = member_id(params, "requestId");
    if (const auto* meta = member_object(params, "_meta")) message.version = member_text(*meta, kVersion);
}

std::vector<std::string> ids_of(const json::array& messages) {
    std::vector<std::string> ids;
    for (const auto& one : messages) {
        const auto* object = one.if_object();
        if (object == nullptr || !object->contains("method")) continue;
        if (auto id = member_id(*object, "id"); !id.empty()) ids.push_back(std::move(id));
    }
    return ids;
}

bool has_name(const std::string& method) {
    return method == "tools/call" || method == "resources/read" || method == "prompts/get";
}

// "Value Encoding" of Streamable HTTP: plain where that is safe.
std::string header_value(const std::string& text) {
    const bool visible = std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
    const bool padded = !text.empty() && (text.front() == ' ' || text.back() == ' ');
    const bool looks_coded = text.starts_with("=?base64?") && text.ends_with("?=");
    return visible && !padded && !looks_coded ? text : "=?base64?" + base64(text) + "?=";
}

// Newlines stand between tokens only: within strings they are escaped.
std::string one_line(std::string_view text) {
    std::string line(text);
    std::ranges::replace_if(line, [](char c) { return c == '\n' || c == '\r'; }, ' ');
    return line + '\n';
}

std::string error_line(std::string_view id, json::object error) {
    return R"({"jsonrpc":"2.0","id":)" + std::string(id.empty() ? "null" : id) + R"(,"error":)" +
           json::serialize(error) + "}\n";
}

} // namespace

std::expected<McpMessage, std::string> read_mcp(std::string line) {
    boost::system::error_code error;
    const auto value = parse(line, error);
    if (error == json::error::too_deep)
        return std::unexpected(mcp_error("", kInvalidRequest, "Invalid Request: nested deeper than 64 levels"));
    if (error) return std::unexpected(mcp_error("", kParseError, "Parse error: " + error.message()));
    McpMessage message;
    message.text = std::move(line);
    if (const auto* several = value.if_array()) message.ids = ids_of(*several);
    const auto* object = value.if_object();
    if (object == nullptr || !object->contains("method")) return message;
    message.id = member_id(*object, "id");
    message.method = member_text(*object, "method");
    if (const auto* params = member_object(*object, "params")) read_params(message, *params);
    return message;
}

std::vector<std::pair<std::string, std::string>> mcp_headers(const McpMessage& message, const McpSession& session) {
    std::vector<std::pair<std::string, std::string>> headers;
    const auto add = [&](const char* name, const std::string& text) {
        if (auto value = header_value(text); !text.empty() && value.size() <= kMostHeader)
            headers.emplace_back(name, std::move(value));
    };
    headers.emplace_back("Accept", "application/json, text/event-stream");
    if (!message.starts_session()) add("MCP-Protocol-Version", message.stateless() ? message.version : session.version);
    if (!message.stateless() && !message.starts_session()) add("Mcp-Session-Id", session.id);
    if (!message.stateless()) return headers;
    add("Mcp-Method", message.method);
    if (has_name(message.method)) add("Mcp-Name", message.name);
    return headers;
}

std::optional<McpAnswer> read_mcp_answer(std::string_view text, std::string_view id) {
    boost::system::error_code error;
    auto value = parse(text, error);
    if (error) return std::nullopt;
    if (value.is_array()) return McpAnswer{one_line(text), true, {}};
    auto* object = value.if_object();
    if (object == nullptr || !object->contains("jsonrpc")) return std::nullopt;
    const auto* failed = member_object(*object, "error");
    if (failed != nullptr && member_id(*object, "id").empty() && !id.empty())
        return McpAnswer{error_line(id, *failed), true, {}};
    McpAnswer answer{one_line(text), failed != nullptr || object->contains("result"), {}};
    if (const auto* result = member_object(*object, "result")) answer.agreed = member_text(*result, "protocolVersion");
    return answer;
}

std::string mcp_error(std::string_view id, int code, std::string_view message) {
    return error_line(id, {{"code", code}, {"message", json::string_view(message.data(), message.size())}});
}

std::string mcp_error(std::string_view id, const Error& error) {
    const std::string code(describe(error.code).name);
    json::object data{{"code", code}};
    if (!error.next.empty()) data["next"] = error.next;
    if (error.retry_after > 0) data["retry_after"] = error.retry_after;
    auto message = code + ": " + error.message;
    if (error.errnum != 0) message += std::string(": ") + ::strerror(error.errnum);
    if (!error.next.empty()) message += ". Next: " + error.next;
    return error_line(id, {{"code", kServerError}, {"message", message}, {"data", std::move(data)}});
}

std::string mcp_error(const McpMessage& message, const Error& error) {
    if (!message.id.empty()) return mcp_error(message.id, error);
    std::string lines;
    for (const auto& id : message.ids) lines += (lines.empty() ? "" : ",") + mcp_error(id, error);
    return one_line('[' + lines + ']');
}

} // namespace owhale::cli
