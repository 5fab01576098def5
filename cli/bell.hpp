// Something that coroutines of one loop wait for and others announce. Announcements are not counted: look again after
// waking.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace owhale::cli {

class Bell {
public:
    explicit Bell(boost::asio::io_context& loop) : timer_(loop, std::chrono::steady_clock::time_point::max()) {}
    void ring() { timer_.cancel(); }
    boost::asio::awaitable<void> wait() {
        boost::system::error_code error;
        co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, error));
    }

private:
    boost::asio::steady_timer timer_;
};

} // namespace owhale::cli
