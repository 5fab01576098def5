// A message's body out of its framing (RFC 9112 sections 6 and 7), piece by piece, never whole. Pure.
#pragma once

#include <cstdint>
#include <span>

#include "egress/http/head.hpp"

namespace owhale::egress::http {

class BodyDecoder {
public:
    explicit BodyDecoder(Framing framing);

    struct Step {
        std::size_t used = 0; // bytes of the input that belong to this body
        std::size_t data = 0; // bytes of content: they stand at the input's front now
    };
    // bad_request: a chunk's size that is no number or beyond 2^60, a line end that is not CRLF, an extension or trailers that
    // are too long. Extensions and trailers are dropped.
    Result<Step> decode(std::span<char> input);
    bool done() const { return state_ == State::done; }
    // The input is at its end: whether the body is, too.
    Status end();
    // At most so many bytes are wanted next; 0: no limit is known.
    std::uint64_t wants() const { return framing_.kind == Framing::Kind::sized ? left_ : 0; }

private:
    enum class State : std::uint8_t {
        data,
        size,       // digits of a chunk's size
        extension,  // up to the line's end
        size_lf,    // after the CR
        chunk_cr,   // after a chunk's data
        chunk_lf,   //
        trailer,    // at the start of a line
        in_trailer, // in one
        trailer_lf, // after its CR
        last_lf,    // after the CR of the empty line
        done,
    };
    Status take(char c);
    Status take_digit(char c);

    Framing framing_;
    State state_;
    std::uint64_t left_ = 0; // bytes of data
    unsigned digits_ = 0, extra_ = 0;
};

} // namespace owhale::egress::http
