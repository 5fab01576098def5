#include "egress/http/pieces.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace owhale::egress::http {

namespace asio = boost::asio;
using asio::awaitable;

namespace {
constexpr std::size_t kRoom = 64u << 10;
constexpr unsigned kTurns = 8; // pieces, then others have their turn: a socket that is always ready never waits
} // namespace

awaitable<Result<std::size_t>> Pieces::read() {
    piece_.reset(); // a quiet connection holds no memory
    const auto ready = co_await in_.wait();
    if (!ready) co_return std::unexpected(ready.error());
    piece_ = std::make_unique<Piece>(kRoom);
    const auto wanted = decoder_.wants() == 0 ? kRoom : std::min<std::uint64_t>(kRoom, decoder_.wants());
    co_return co_await in_.read({piece_->data(), static_cast<std::size_t>(wanted)});
}

awaitable<Result<std::span<char>>> Pieces::next() {
    if (++turns_ % kTurns == 0) co_await asio::post(asio::use_awaitable);
    const auto got = co_await read();
    if (!got) {
        cut_ = true;
        co_return std::unexpected(got.error());
    }
    session_.moved();
    if (*got == 0) {
        const auto whole = decoder_.end();
        ended_ = whole.has_value();
        cut_ = !ended_;
        if (!whole) co_return std::unexpected(whole.error());
        co_return std::span<char>();
    }
    const auto step = decoder_.decode({piece_->data(), *got});
    if (!step) co_return std::unexpected(step.error());
    if (step->used < *got) in_.unread({piece_->data() + step->used, *got - step->used});
    co_return std::span<char>(piece_->data(), step->data);
}

} // namespace owhale::egress::http
