// A deadline that is put off again and again at the cost of a clock's reading: what every wait of a connection hangs on.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>

namespace owhale::egress::http {

class Watch : public std::enable_shared_from_this<Watch> {
public:
    using Clock = std::chrono::steady_clock;
    // `cut` is called once when the time is over: it closes what is waited for. Whoever made the watch stops it.
    static std::shared_ptr<Watch> start(boost::asio::any_io_executor executor, std::function<void()> cut) {
        return std::make_shared<Watch>(std::move(executor), std::move(cut));
    }
    Watch(boost::asio::any_io_executor executor, std::function<void()> cut)
        : timer_(std::move(executor)), cut_(std::move(cut)) {}

    void arm(Clock::duration after) {
        due_ = Clock::now() + after;
        if (!waiting_ || due_ < timer_.expiry()) wait();
    }
    void rest() { due_ = Clock::time_point::max(); } // nothing is due
    void stop() {
        cut_ = nullptr;
        timer_.cancel();
    }
    bool expired() const { return expired_; }

private:
    void wait() {
        waiting_ = true;
        timer_.expires_at(due_);
        timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
            const auto self = weak.lock();
            if (self && !error) self->look();
        });
    }
    void look() {
        waiting_ = false;
        if (due_ == Clock::time_point::max() || !cut_) return;
        if (Clock::now() < due_) return wait();
        expired_ = true;
        std::exchange(cut_, nullptr)();
    }

    boost::asio::steady_timer timer_;
    std::function<void()> cut_;
    Clock::time_point due_ = Clock::time_point::max();
    bool waiting_ = false, expired_ = false;
};

} // namespace owhale::egress::http
