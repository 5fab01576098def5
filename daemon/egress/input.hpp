// What a client sent first: read a piece at a time until a front knows what it is, then given back whole.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "egress/stream.hpp"

namespace owhale::egress {

class Input {
public:
    // `within`: from now until the last of what is read here; a client that is slower is cut off.
    Input(boost::asio::any_io_executor executor, std::unique_ptr<Stream> stream, std::chrono::milliseconds within);
    ~Input();
    Input(const Input&) = delete;
    Input& operator=(const Input&) = delete;

    const std::string& bytes() const { return bytes_; }
    void drop(std::size_t count) { bytes_.erase(0, count); }
    // Some more bytes: 0 when the client has ended. unreachable: cut, or too slow.
    boost::asio::awaitable<Result<std::size_t>> more(std::size_t most = 16384);
    // The same, but gives up after `time`, when nothing came: false, and the stream is as it was.
    boost::asio::awaitable<Result<bool>> waits(std::chrono::milliseconds time);
    Stream& stream() { return *stream_; }
    // The stream, with what was read in front of it. No deadline any more.
    std::unique_ptr<Stream> take();

private:
    struct Guarded;
    boost::asio::any_io_executor executor_;
    std::shared_ptr<Guarded> guarded_;
    std::unique_ptr<Stream> stream_;
    std::string bytes_;
};

} // namespace owhale::egress
