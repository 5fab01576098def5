// A condition for coroutines of one thread: wait() resumes at the next notify().
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

namespace owhale::sandbox {

class Wake {
public:
    explicit Wake(boost::asio::any_io_executor executor) : timer_(std::move(executor)) {
        timer_.expires_at(std::chrono::steady_clock::time_point::max());
    }
    void notify() { timer_.cancel(); }
    boost::asio::awaitable<void> wait() {
        boost::system::error_code ignored;
        co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
    }

private:
    boost::asio::steady_timer timer_;
};

} // namespace owhale::sandbox
