// The requests that wait, kept up to date: asked for again whenever owhaled's events say that something happened, and
// every second where there are no events.
#pragma once

#include <chrono>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "cli/bell.hpp"
#include "cli/connection.hpp"
#include "cli/event_lines.hpp"
#include "shared/api_approvals.hpp"

namespace owhale::cli {

class ApprovalFeed {
public:
    struct Acts {
        // All that wait and are announced, newest first.
        std::function<void(std::vector<api::Approval>)> listed;
        std::function<void(const api::Approval&)> fresh;   // waits, and was not there before
        std::function<void(const std::string&)> throttled; // how many wait unannounced, in words; "" none; may be empty
        std::function<void(const std::string&)> trouble;   // owhaled cannot be asked, and why; "" it can again
        // Who asks is believed no more, and nothing is asked any more. May be empty: then it is trouble.
        std::function<void(const Error&)> ended;
    };
    ApprovalFeed(asio::io_context& loop, const Where& where, Acts acts)
        : loop_(loop), asker_(loop.get_executor(), where), follower_(loop.get_executor(), where), due_(loop),
          acts_(std::move(acts)) {}

    // Both for as long as the loop runs.
    asio::awaitable<void> follow();
    asio::awaitable<void> refresh_always();
    void refresh() {
        again_ = true;
        due_.ring();
    }
    // A call on the feed's own connection, between its own ones.
    asio::awaitable<Result<std::string>> ask(Call call);

private:
    asio::awaitable<Result<std::vector<api::Approval>>> all_pending();
    asio::awaitable<void> count_throttled();
    asio::awaitable<void> pause(std::chrono::milliseconds time);

    asio::io_context& loop_;
    Connection asker_, follower_;
    Bell due_;
    Acts acts_;
    EventLines lines_;
    std::set<std::string> known_;
    std::chrono::steady_clock::time_point counted_{};
    bool following_ = false, busy_ = false, again_ = false;
};

} // namespace owhale::cli
