// One at a time: acts that look at something, wait for the audit log and then change it. On the io thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>

#include "shared/error.hpp"

namespace owhale::identity {

class Turn {
    struct State {
        explicit State(boost::asio::any_io_executor on) : io(std::move(on)) {}
        boost::asio::any_io_executor io;
        bool taken = false;
        std::deque<std::shared_ptr<boost::asio::steady_timer>> waiting;
    };

public:
    explicit Turn(boost::asio::any_io_executor io) : state_(std::make_shared<State>(std::move(io))) {}

    class Held { // given back when it is destroyed
    public:
        explicit Held(std::shared_ptr<State> state) : state_(std::move(state)) {}
        Held(Held&& other) noexcept : state_(std::move(other.state_)) {}
        Held& operator=(Held&&) = delete;
        ~Held();

    private:
        std::shared_ptr<State> state_;
    };

    // In the order in which they come; busy when too many wait already.
    boost::asio::awaitable<Result<Held>> take();

private:
    std::shared_ptr<State> state_;
};

} // namespace owhale::identity
