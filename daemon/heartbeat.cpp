#include "heartbeat.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.hpp"

namespace owhale {
namespace {

namespace asio = boost::asio;

constexpr std::uint64_t kNoConnection = 0; // they count from 1

// A question that costs nothing and has one right answer: that this connection is not there.
asio::awaitable<bool> answers(sandbox::SpawnerChannel& spawner) {
    const auto held = co_await spawner.hold(kNoConnection);
    co_return !held && held.error().code == Code::unreachable;
}

} // namespace

asio::awaitable<void> keep_watch(const Notify& notify, sandbox::SpawnerChannel& spawner) {
    if (notify.watchdog().count() == 0) co_return;
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor);
    for (;;) {
        const bool lives = co_await answers(spawner);
        if (lives) notify.alive();
        if (!lives)
            log::warning("the spawner does not answer; the service manager restarts owhaled when it goes on so");
        timer.expires_after(notify.watchdog() / 3);
        boost::system::error_code ignored;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
}

} // namespace owhale
