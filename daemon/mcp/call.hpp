// One tools/call that is under way: whom it asks the API as, what it has to say meanwhile, and its end.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "mcp/rpc.hpp"
#include "sandbox/wake.hpp"
#include "shared/error.hpp"
#include "transport/inside.hpp"

namespace owhale::mcp {

struct ToolResult {
    json::object structured; // as the tool's outputSchema says
    std::string text;        // the same for who reads
    bool is_error = false;
};

class Call : public std::enable_shared_from_this<Call> {
public:
    struct Birth {
        boost::asio::any_io_executor executor;
        transport::AskInside ask;
        std::shared_ptr<transport::Connection> connection; // stands in for the client's own
        identity::Principal who;
        json::value id;                                        // of the request
        json::value progress = nullptr;                        // its token; null: the client wants none
        bool logs = false;                                     // notifications/message is welcome
        std::map<std::string, std::string, std::less<>> hints; // owhale-* headers of the client's surroundings
    };
    explicit Call(Birth birth) : birth_(std::move(birth)), news_(birth_.executor) {}

    const identity::Principal& who() const { return birth_.who; }
    const json::value& id() const { return birth_.id; }
    std::string hint(std::string_view header) const;

    // Asks the API as the caller; every refusal is its answer.
    boost::asio::awaitable<transport::Response> ask(std::string method, std::string target, std::string body = {},
                                                    std::string prefer = {});

    // Tells the client how things stand, by the way that it has: progress, a log message, or not at all.
    void tell(const std::string& message);
    bool tells() const { return tells_progress() || birth_.logs; }
    bool tells_progress() const { return !birth_.progress.is_null(); }

    // The client gave it up. What then has to be undone, the tool says while it runs (on_cancel).
    void cancel();
    bool cancelled() const { return cancelled_; }
    std::function<void()> on_cancel;

    void finish(ToolResult result);
    const std::optional<ToolResult>& result() const { return result_; }
    std::optional<json::object> next_notification();
    bool has_notifications() const { return !notifications_.empty(); }
    boost::asio::any_io_executor executor() const { return birth_.executor; }

    // Resumes whenever there is something new.
    boost::asio::awaitable<void> wait() { return news_.wait(); }
    void wake() { news_.notify(); }

private:
    Birth birth_;
    sandbox::Wake news_;
    std::deque<json::object> notifications_;
    std::optional<ToolResult> result_;
    std::int64_t progress_ = 0;
    bool cancelled_ = false;
};

} // namespace owhale::mcp
