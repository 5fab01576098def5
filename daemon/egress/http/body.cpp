#include "egress/http/body.hpp"

#include <algorithm>
#include <cstring>

namespace owhale::egress::http {
namespace {

constexpr unsigned kDigits = 15;         // hexadecimal, of a chunk's size: below 2^60
constexpr unsigned kExtension = 1024;    // bytes, of one chunk
constexpr unsigned kTrailers = 8u << 10; // bytes, all together

int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const char l = static_cast<char>(c | 0x20);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

bool is_control(char c) {
    return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f;
}

std::unexpected<Error> bad(const char* message) {
    return fail(Code::bad_request, message);
}

} // namespace

BodyDecoder::BodyDecoder(Framing framing)
    : framing_(framing), state_(framing.kind == Framing::Kind::chunked ? State::size : State::data),
      left_(framing.length) {
    using Kind = Framing::Kind;
    if (framing.kind == Kind::none || (framing.kind == Kind::sized && left_ == 0)) state_ = State::done;
    if (framing.kind == Kind::until_end) left_ = UINT64_MAX;
}

Result<BodyDecoder::Step> BodyDecoder::decode(std::span<char> input) {
    Step step;
    while (step.used < input.size() && state_ != State::done) {
        if (state_ != State::data) {
            CHECK(take(input[step.used++]));
            continue;
        }
        const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size() - step.used));
        if (step.used != step.data) std::memmove(input.data() + step.data, input.data() + step.used, part);
        step.used += part;
        step.data += part;
        if (framing_.kind == Framing::Kind::until_end) continue;
        left_ -= part;
        if (left_ == 0) state_ = framing_.kind == Framing::Kind::chunked ? State::chunk_cr : State::done;
    }
    return step;
}

Status BodyDecoder::take_digit(char c) {
    const int value = digit(c);
    if (value >= 0) {
        if (++digits_ > kDigits) return bad("a chunk's size is beyond all bounds");
        left_ = left_ << 4 | static_cast<unsigned>(value);
        return {};
    }
    if (digits_ == 0) return bad("a chunk's size is no hexadecimal number");
    if (c != ';' && c != '\r') return bad("a chunk's size is followed by something else than ; or CRLF");
    state_ = c == ';' ? State::extension : State::size_lf;
    return {};
}

// One byte of what is not data.
Status BodyDecoder::take(char c) {
    const bool line_feed = state_ == State::size_lf || state_ == State::chunk_lf || state_ == State::trailer_lf ||
                           state_ == State::last_lf;
    if (line_feed && c != '\n') return bad("a line of the body does not end in CRLF");
    if (state_ == State::chunk_cr && c != '\r') return bad("a chunk is longer than its size says");
    switch (state_) {
    case State::size:
        return take_digit(c);
    case State::extension:
        if (c == '\r')
            state_ = State::size_lf;
        else if (is_control(c) || ++extra_ > kExtension)
            return bad("a chunk's extension holds a control character or is longer than 1 KiB");
        return {};
    case State::size_lf:
        state_ = left_ == 0 ? State::trailer : State::data;
        digits_ = extra_ = 0;
        return {};
    case State::chunk_cr:
        state_ = State::chunk_lf;
        return {};
    case State::chunk_lf:
        state_ = State::size;
        return {};
    case State::trailer:
    case State::in_trailer:
        if (c == '\r')
            state_ = state_ == State::trailer ? State::last_lf : State::trailer_lf;
        else if (is_control(c) || ++extra_ > kTrailers)
            return bad("a trailer holds a control character or is longer than 8 KiB");
        else
            state_ = State::in_trailer;
        return {};
    case State::trailer_lf:
        state_ = State::trailer;
        return {};
    case State::last_lf:
        state_ = State::done;
        return {};
    default:
        return {};
    }
}

Status BodyDecoder::end() {
    if (framing_.kind == Framing::Kind::until_end) state_ = State::done;
    return done() ? Status{} : bad("the body was cut short");
}

} // namespace owhale::egress::http
