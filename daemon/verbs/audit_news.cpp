#include "verbs/audit_news.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace owhale::verbs {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{1000};   // at whether the client is there
constexpr std::chrono::milliseconds kTogether{50}; // events within this are told at once

} // namespace

asio::awaitable<void> wait_for_news(audit::Feed& feed, std::uint64_t seen, steady_clock::time_point until,
                                    std::shared_ptr<transport::Connection> connection) {
    const auto timer = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor);
    const auto news = feed.on_news([timer] { timer->cancel(); });
    boost::system::error_code ignored;
    while (feed.last() <= seen && !feed.ended() && steady_clock::now() < until && connection->open) {
        timer->expires_at(std::min(until, steady_clock::now() + kLook));
        co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    if (feed.last() <= seen || feed.ended()) co_return;
    asio::steady_timer together(timer->get_executor(), kTogether);
    co_await together.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

} // namespace owhale::verbs
