#include "identity/turn.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace owhale::identity {

namespace asio = boost::asio;

namespace {
constexpr std::size_t kMostWaiting = 256;
}

Turn::Held::~Held() {
    if (!state_) return;
    state_->taken = false;
    if (!state_->waiting.empty()) state_->waiting.front()->cancel();
}

asio::awaitable<Result<Turn::Held>> Turn::take() {
    const auto state = state_;
    if (state->waiting.size() >= kMostWaiting) co_return fail(Code::busy, "too many changes wait", "try again");
    if (state->taken || !state->waiting.empty()) {
        const auto wake = std::make_shared<asio::steady_timer>(state->io);
        state->waiting.push_back(wake);
        boost::system::error_code ignored;
        while (state->taken || state->waiting.front() != wake) {
            wake->expires_at(asio::steady_timer::time_point::max());
            co_await wake->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        state->waiting.pop_front();
    }
    state->taken = true;
    co_return Held(state);
}

} // namespace owhale::identity
