// A body on its way out: in its framing, with the head in front of its first piece.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

#include "egress/http/head.hpp"
#include "egress/stream.hpp"

namespace owhale::egress::http {

// Room for content with margins, in which a chunk's size and ends are written: content is not copied.
class Piece {
public:
    static constexpr std::size_t kFront = 18, kBack = 7; // hexadecimal digits and CRLF; CRLF and the last chunk
    explicit Piece(std::size_t room)
        : bytes_(new char[kFront + room + kBack]) {} // not zeroed: one is made for each read
    char* data() { return bytes_.get() + kFront; }

private:
    std::unique_ptr<char[]> bytes_;
};

class Sink {
public:
    Sink(std::shared_ptr<Stream> to, Framing framing, std::string head)
        : to_(std::move(to)), framing_(framing), head_(std::move(head)) {}
    ~Sink() { wipe(); }
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;

    // The head alone, when content is not there yet.
    boost::asio::awaitable<Status> start();
    // Content in a piece's middle; `last`: nothing follows, finish() is done with it.
    boost::asio::awaitable<Status> write(char* data, std::size_t size, bool last);
    boost::asio::awaitable<Status> finish();

private:
    void wipe(); // a head may hold a secret

    std::shared_ptr<Stream> to_;
    Framing framing_;
    std::string head_;
    bool finished_ = false;
};

} // namespace owhale::egress::http
