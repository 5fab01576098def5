// A connection's bytes, whatever carries them: a socket, TLS over one, or bytes that were read already and then the rest.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <cstddef>

#include "shared/error.hpp"

namespace owhale::egress {

class Stream {
public:
    virtual ~Stream() = default;
    // At least one byte, or 0: the other side writes no more. One reader at a time, beside one writer.
    virtual boost::asio::awaitable<Result<std::size_t>> read(boost::asio::mutable_buffer into) = 0;
    // Until read() would not wait: whoever has many idle connections needs no buffer before. At once where nothing knows.
    virtual boost::asio::awaitable<Status> wait_readable() { co_return Status{}; }
    virtual void stop_waiting() {} // wait_readable() ends now, with an error; the stream is as it was
    // All of it.
    virtual boost::asio::awaitable<Status> write(boost::asio::const_buffer from) = 0;
    virtual boost::asio::awaitable<void> end_writing() = 0; // the other side reads an end; reading goes on
    virtual void close() = 0;                               // at once; whoever waits in read() or write() gets an error
};

} // namespace owhale::egress
