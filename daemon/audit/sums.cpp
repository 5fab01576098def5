#include "audit/sums.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace owhale::audit {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr std::chrono::seconds kFirst{1}, kLongest{60};
constexpr std::string_view kMany = "(many)";

// What stands for peers without number tells of none of them.
void make_common(Event& event) {
    event.principal = kMany;
    if (event.data.contains("peer")) event.data["peer"] = kMany;
    for (const auto* one : {"account", "session"}) event.data.erase(one);
}

} // namespace

Sums::Sums(asio::any_io_executor io, Log& log) : state_(std::make_shared<State>(State{std::move(io), log, {}, 0})) {}

bool Sums::may_be_new(State& state) {
    const auto now = monotonic_ns();
    const auto from = std::max(state.fresh_ns, now);
    if (state.sums.size() >= kMostKeys || from - now > static_cast<std::int64_t>(kMostKeys - 1) * kSecondNs)
        return false;
    state.fresh_ns = from + kSecondNs;
    return true;
}

void Sums::put(std::string key, Event event) {
    key.append(1, ' ').append(event.event.text());
    auto at = state_->sums.find(key);
    if (at == state_->sums.end() && !may_be_new(*state_)) {
        key.assign(kMany).append(1, ' ').append(event.event.text());
        make_common(event);
        at = state_->sums.find(key);
    }
    if (at != state_->sums.end()) {
        ++at->second.held_back;
        at->second.last = std::move(event);
        return;
    }
    state_->sums.emplace(key, Sum{});
    write(state_, std::move(event));
    asio::co_spawn(state_->io, watch(state_, state_->io, std::move(key)), asio::detached);
}

awaitable<void> Sums::watch(std::weak_ptr<State> weak, asio::any_io_executor io, std::string key) {
    asio::steady_timer timer(io);
    for (auto wait = kFirst;; wait = std::min(wait * 2, kLongest)) {
        timer.expires_after(wait);
        boost::system::error_code ended;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ended));
        const auto state = weak.lock(); // it may have gone meanwhile
        if (!state || ended) co_return;
        auto& sum = state->sums[key];
        if (sum.held_back == 0) {
            state->sums.erase(key);
            co_return;
        }
        auto event = std::move(sum.last);
        event.data["count"] = std::exchange(sum.held_back, 0);
        write(state, std::move(event));
    }
}

void Sums::write(const std::shared_ptr<State>& state, Event event) {
    asio::co_spawn(
        state->io,
        [&log = state->log, event = std::move(event)]() mutable -> awaitable<void> {
            const auto written = co_await log.append(std::move(event));
            if (!written) log::error(to_line(written.error()));
        },
        asio::detached);
}

} // namespace owhale::audit
