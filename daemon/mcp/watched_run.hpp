// A run that a call looks at: waits for it, tells the client meanwhile how it stands, shows it with its output.
#pragma once

#include <chrono>
#include <expected>
#include <string>

#include "mcp/call.hpp"
#include "shared/api.hpp"

namespace owhale::mcp {

inline constexpr std::chrono::seconds kLongestWait{45}; // what no call is held beyond
inline constexpr std::size_t kUsualOutput = 16u << 10, kMostOutput = 64u << 10;

bool has_ended(const api::Run& run);
// Until it has ended, the time is up, or the client has given the call up.
boost::asio::awaitable<std::expected<api::Run, ToolResult>> watch_run(std::shared_ptr<Call> call, api::Run run,
                                                                      std::chrono::seconds most);
// Id, state, how it ended.
json::object state_of(const api::Run& run);
// What a person would say of it, with what to do next where it has not ended.
std::string in_words(const api::Run& run);
// With at most `most` bytes of each stream.
boost::asio::awaitable<ToolResult> show_run(std::shared_ptr<Call> call, api::Run run, std::size_t most);

// Only whole ids: what a path is made of.
bool is_run_id(std::string_view text);

} // namespace owhale::mcp
