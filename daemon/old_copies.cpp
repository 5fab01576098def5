#include "old_copies.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.hpp"
#include "store/copy.hpp"

namespace owhale {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::hours kLongest{30 * 24}, kOften{24};

void drop(const std::string& state_dir, std::chrono::seconds age) {
    const auto gone = store::drop_copies(state_dir, age);
    if (!gone) log::warning("old copies of databases are not removed now: " + to_line(gone.error()));
    if (!gone) return;
    for (const auto& path : *gone) log::info("an old copy of a database is removed", {{"copy", path}});
}

} // namespace

std::chrono::seconds age_of_copies(std::chrono::milliseconds retention) {
    const std::chrono::seconds longest(kLongest);
    if (retention.count() == 0) return longest;
    return std::min(longest, std::chrono::duration_cast<std::chrono::seconds>(retention));
}

asio::awaitable<void> drop_old_copies(std::string state_dir, std::chrono::milliseconds retention) {
    const auto age = age_of_copies(retention);
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor);
    boost::system::error_code ended;
    while (!ended) {
        drop(state_dir, age);
        timer.expires_after(std::clamp(age / 24, std::chrono::seconds(1), std::chrono::seconds(kOften)));
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ended));
    }
}

} // namespace owhale
