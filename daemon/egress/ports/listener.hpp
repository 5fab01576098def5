// Connections that come in at one listener, each served by a coroutine of its own. At most so many at once: the others wait in
// the kernel's queue.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>

#include "base/fd.hpp"
#include "shared/error.hpp"

namespace owhale::egress {

class Listener : public std::enable_shared_from_this<Listener> {
public:
    using Serve = std::function<boost::asio::awaitable<void>(Fd connection)>;
    // `listener` listens already. internal when the executor cannot watch it.
    static Result<std::shared_ptr<Listener>> open(boost::asio::any_io_executor io, Fd listener, std::size_t most,
                                                  Serve serve);
    Listener(boost::asio::any_io_executor io, std::size_t most, Serve serve);
    // No more come in, and `serve` is let go; those that are served go on.
    void close();

private:
    boost::asio::awaitable<void> accept(std::shared_ptr<Listener> self);
    boost::asio::awaitable<void> serve(std::shared_ptr<Listener> self, Fd connection);
    boost::asio::awaitable<void> wait_for_one();

    boost::asio::posix::stream_descriptor listener_;
    boost::asio::steady_timer free_; // cancelled when a connection has ended
    std::size_t most_, now_ = 0;
    Serve serve_;
    bool closed_ = false;
};

} // namespace owhale::egress
