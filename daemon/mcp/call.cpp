#include "mcp/call.hpp"

namespace owhale::mcp {
namespace {

constexpr std::size_t kMostUnsent = 16; // a client that takes none misses the rest

} // namespace

std::string Call::hint(std::string_view header) const {
    const auto found = birth_.hints.find(header);
    return found == birth_.hints.end() ? std::string() : found->second;
}

boost::asio::awaitable<transport::Response> Call::ask(std::string method, std::string target, std::string body,
                                                      std::string prefer) {
    transport::Inner inner{std::move(method), std::move(target), std::move(body), {}};
    if (!prefer.empty()) inner.headers.emplace("prefer", std::move(prefer));
    return birth_.ask(std::move(inner), birth_.connection, birth_.who);
}

void Call::tell(const std::string& message) {
    if (!tells() || result_ || cancelled_ || notifications_.size() >= kMostUnsent) return;
    if (!birth_.progress.is_null())
        notifications_.push_back(notification_message(
            "notifications/progress",
            {{"progressToken", birth_.progress}, {"progress", ++progress_}, {"message", message}}));
    else
        notifications_.push_back(notification_message("notifications/message",
                                                      {{"level", "notice"}, {"logger", "owhaled"}, {"data", message}}));
    news_.notify();
}

void Call::cancel() {
    if (cancelled_ || result_) return;
    cancelled_ = true;
    birth_.connection->open = false;
    if (const auto undo = std::exchange(on_cancel, {})) undo();
    news_.notify();
}

void Call::finish(ToolResult result) {
    on_cancel = {};
    result_ = std::move(result);
    news_.notify();
}

std::optional<json::object> Call::next_notification() {
    if (notifications_.empty()) return std::nullopt;
    auto first = std::move(notifications_.front());
    notifications_.pop_front();
    return first;
}

} // namespace owhale::mcp
