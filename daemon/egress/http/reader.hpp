// A stream's bytes with those in front that were read too far: heads are taken out of it whole, bodies piece by piece.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <span>
#include <string>

#include "egress/stream.hpp"

namespace owhale::egress::http {

class Reader {
public:
    explicit Reader(std::shared_ptr<Stream> stream) : stream_(std::move(stream)) {}

    bool empty() const { return buffer_.empty(); }
    // Until there is something to read, which needs no memory.
    boost::asio::awaitable<Status> wait();
    // Waits for some bytes. False: the other side is at its end.
    boost::asio::awaitable<Result<bool>> fill();
    // Everything up to and with the empty line. bad_request as soon as no head can begin so, or beyond kMaxHead; unreachable
    // when the end comes before.
    boost::asio::awaitable<Result<std::string>> read_head();
    // Some bytes; 0 at the end.
    boost::asio::awaitable<Result<std::size_t>> read(std::span<char> into);
    // They come out again, first.
    void unread(std::span<const char> bytes) { buffer_.insert(0, bytes.data(), bytes.size()); }
    // All that was read too far.
    std::string take_rest() { return std::exchange(buffer_, {}); }

private:
    std::shared_ptr<Stream> stream_;
    std::string buffer_;
};

} // namespace owhale::egress::http
