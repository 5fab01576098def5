// A body's content piece by piece, as it comes out of its framing: the one loop by which both ways read.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <span>

#include "egress/http/body.hpp"
#include "egress/http/reader.hpp"
#include "egress/http/session.hpp"
#include "egress/http/sink.hpp"

namespace owhale::egress::http {

class Pieces { // both outlive it
public:
    Pieces(Session& session, Reader& in, Framing framing) : session_(session), in_(in), decoder_(framing) {}

    // Nothing is left to be read, or was from the start.
    bool done() const { return decoder_.done(); }
    // Whether the other side has sent nothing of it yet.
    bool quiet() const { return in_.empty(); }
    // The next content, which stands in the piece's own memory, with room before and behind it (Sink), until the next call;
    // perhaps none of it. Memory is taken when there is something to read. bad_request: the framing is broken.
    boost::asio::awaitable<Result<std::span<char>>> next();
    // The stream is at its end, and so is a body that its end ends.
    bool ended() const { return ended_; }
    // next() failed because the stream did, or ended before the body.
    bool cut() const { return cut_; }

private:
    boost::asio::awaitable<Result<std::size_t>> read();

    Session& session_;
    Reader& in_;
    BodyDecoder decoder_;
    std::unique_ptr<Piece> piece_;
    unsigned turns_ = 0;
    bool ended_ = false, cut_ = false;
};

} // namespace owhale::egress::http
