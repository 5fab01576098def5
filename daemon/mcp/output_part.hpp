// As much of a stream's kept output as a model is shown: its head and its tail, and what lies between them by its place.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "mcp/call.hpp"
#include "shared/api.hpp"

namespace owhale::mcp {

struct OutputPart {
    std::string run; // whose it is, for whoever wants the rest
    std::string head, tail;
    std::uint64_t total = 0;   // bytes of what is kept, the middle that is not among them
    std::uint64_t tail_at = 0; // where the tail begins; total without one

    bool is_binary() const;
    std::uint64_t omitted_at() const { return head.size(); }
    std::uint64_t omitted() const { return tail_at - head.size(); }
    std::string as_base64() const; // of the head alone
    // With a line in place of what was left out, which says how to get it.
    std::string joined(std::string_view stream) const;
    std::string for_reader(std::string_view stream) const; // the same, escaped
};

// `most` bytes, half of them head. Cuts lie between characters.
boost::asio::awaitable<std::expected<OutputPart, ToolResult>> read_ends(std::shared_ptr<Call> call, const api::Run& run,
                                                                        std::string_view stream, std::size_t most);

struct OutputSlice {
    std::string bytes;
    std::uint64_t offset = 0, total = 0;
};
boost::asio::awaitable<std::expected<OutputSlice, ToolResult>> read_slice(std::shared_ptr<Call> call, std::string id,
                                                                          std::string_view stream, std::uint64_t offset,
                                                                          std::size_t length);

} // namespace owhale::mcp
