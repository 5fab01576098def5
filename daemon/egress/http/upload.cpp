#include "egress/http/upload.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace owhale::egress::http {

namespace asio = boost::asio;
using asio::awaitable;

Upload::Upload(asio::any_io_executor executor, std::shared_ptr<Session> session, std::shared_ptr<Stream> to,
               Permit permit, Target target, Framing framing, std::string head)
    : executor_(executor), session_(std::move(session)), permit_(std::move(permit)), target_(std::move(target)),
      pieces_(*session_, session_->in, framing), to_(to), sink_(std::move(to), framing, std::move(head)),
      ended_(executor) {}

void Upload::start() {
    const auto self = shared_from_this();
    asio::co_spawn(executor_, [self] { return self->run(); }, asio::detached);
}

awaitable<void> Upload::wait() {
    while (running_) co_await ended_.wait();
}

awaitable<void> Upload::run() {
    const auto keep = shared_from_this();
    const auto done = co_await pump();
    whole_ = done.has_value();
    // Half a body must not look like a whole one: the host learns of it by the connection's end.
    if (!fault_) to_->close();
    running_ = false;
    ended_.notify();
}

awaitable<Status> Upload::pump() {
    if (pieces_.done() || pieces_.quiet()) {
        const auto sent = co_await sink_.start();
        CO_CHECK(sent);
    }
    while (!pieces_.done()) {
        const auto content = co_await pieces_.next();
        if (!content) {
            fault_ = pieces_.cut() ? fail(Code::bad_request, "the request's body was cut short")
                                   : std::unexpected(content.error());
            co_return fault_;
        }
        if (pieces_.ended()) {
            co_await to_->end_writing();
            break;
        }
        if (!session_->gate->count(permit_, content->size(), 0)) {
            fault_ = fail(Code::rate_limited, "the run has used up the bytes that it may move");
            co_return fault_;
        }
        look_for_placeholders({content->data(), content->size()});
        const auto sent = co_await sink_.write(content->data(), content->size(), pieces_.done());
        CO_CHECK(sent);
        session_->moved();
    }
    co_return co_await sink_.finish();
}

// Worth nothing there, and a line: whoever put it there expects something else.
void Upload::look_for_placeholders(std::string_view content) {
    const auto& secrets = session_->gate->run().secrets;
    if (secrets.empty()) return;
    tail_.append(content);
    std::size_t longest = 1;
    for (const auto& secret : secrets) {
        longest = std::max(longest, secret.placeholder.size());
        if (secret.placeholder.empty() || std::ranges::find(told_, secret.name) != told_.end()) continue;
        if (tail_.find(secret.placeholder) == std::string::npos) continue;
        told_.push_back(secret.name);
        session_->gate->warn(target_, "placeholder", "the placeholder of " + secret.name + " stands in the body",
                             "Send it as the header " + secret.header + ".");
    }
    if (tail_.size() >= longest) tail_.erase(0, tail_.size() - longest + 1);
}

} // namespace owhale::egress::http
