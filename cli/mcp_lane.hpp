// One connection to owhaled's /mcp, and the message that it carries at the time.
#pragma once

#include <functional>
#include <string>

#include "cli/connection.hpp"
#include "cli/event_lines.hpp"
#include "cli/mcp_message.hpp"
#include "cli/mcp_surroundings.hpp"

namespace owhale::cli {

class McpLane {
public:
    struct Acts {
        std::function<void(const McpAnswer&)> answer; // a line for the client
        std::function<asio::awaitable<void>()> room;  // returns once the client has read enough
        std::function<void(McpSession)> agreed;       // an initialize agreed on this
        std::function<void(const Error*)> reached;    // whether owhaled was there; null: it was
    };
    // `always`: headers of each message.
    McpLane(asio::any_io_executor executor, const Where& where, const McpHeaders& always, const Acts& acts)
        : connection_(std::move(executor), where), always_(always), acts_(acts) {}

    // The message that `carry` is for: from here on the lane is busy.
    void load(McpMessage message);
    // Until the message is answered, or cannot be. A request gets exactly one answer, or none when it was taken back.
    asio::awaitable<void> carry(McpSession session);
    // Nothing more is said to the request.
    void hush() { taken_back_ = true; }
    // The same, and the connection is closed, which is how owhaled learns of it.
    void take_back();

    bool busy() const { return busy_; }
    const McpMessage& message() const { return message_; }

private:
    void pass(std::string_view text);
    void settle(Result<Reply> reply);
    void give_up(const Error& error);

    Connection connection_;
    const McpHeaders& always_;
    const Acts& acts_;
    McpMessage message_;
    std::string agreed_; // the version in its answer
    bool busy_ = false, answered_ = false, taken_back_ = false;
};

} // namespace owhale::cli
