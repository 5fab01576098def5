// The table of tools: what a model is told of each, and what carries it out by asking the API as the caller.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <span>
#include <string_view>

#include "mcp/call.hpp"

namespace owhale::mcp {

struct Tool {
    std::string_view name, title, description;
    bool read_only, destructive, idempotent, open_world; // hints for clients
    std::string_view input, output;                      // JSON Schema 2020-12
    boost::asio::awaitable<ToolResult> (*run)(std::shared_ptr<Call> call, json::object arguments);
};

std::span<const Tool> tools();
const Tool* find_tool(std::string_view name);
// As tools/list shows it.
json::object described(const Tool& tool);

// JSON Schema of what a tool takes and answers, by its name (schemas.cpp).
namespace schema {
extern const std::string_view run_command, run_code, check_command, list_runs, get_output, send_input, kill_run;
extern const std::string_view ran, verdict, runs, output, input, killed;
} // namespace schema

boost::asio::awaitable<ToolResult> run_command(std::shared_ptr<Call> call, json::object arguments);
boost::asio::awaitable<ToolResult> run_code(std::shared_ptr<Call> call, json::object arguments);
boost::asio::awaitable<ToolResult> check_command(std::shared_ptr<Call> call, json::object arguments);
boost::asio::awaitable<ToolResult> list_runs(std::shared_ptr<Call> call, json::object arguments);
boost::asio::awaitable<ToolResult> get_output(std::shared_ptr<Call> call, json::object arguments);
boost::asio::awaitable<ToolResult> send_input(std::shared_ptr<Call> call, json::object arguments);
boost::asio::awaitable<ToolResult> kill_run(std::shared_ptr<Call> call, json::object arguments);

} // namespace owhale::mcp
