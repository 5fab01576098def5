// What an answer of the API is to a tool: its message, or the refusal as a result that a model can act upon.
#pragma once

#include <expected>

#include "mcp/call.hpp"
#include "shared/api.hpp"
#include "shared/codec.hpp"
#include "transport/exchange.hpp"

namespace owhale::mcp {

// Of a problem: code, message, what to do next; verdict, run and approval where it names them.
ToolResult refused(const transport::Response& problem);
ToolResult refused(const Error& error);
// Decision, reason, rule and what would change it.
json::object brief(const api::Verdict& verdict);
std::string in_words(const api::Verdict& verdict);

inline bool is_good(const transport::Response& response) {
    return response.status >= 200 && response.status < 300;
}

// The message of a good answer, or the result that tells the refusal.
template <typename T> std::expected<T, ToolResult> message_of(const transport::Response& response) {
    if (!is_good(response)) return std::unexpected(refused(response));
    auto message = codec::decode<T>(response.body);
    if (!message) return std::unexpected(refused(message.error()));
    return *std::move(message);
}

// What a tool was given; or the result that says what is wrong with it.
template <typename T> std::expected<T, ToolResult> arguments_of(const json::object& given) {
    auto arguments = codec::decode<T>(json::value(given));
    if (!arguments) return std::unexpected(refused(arguments.error()));
    return *std::move(arguments);
}

} // namespace owhale::mcp
