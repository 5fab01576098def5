#include "audit/sums.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>

#include "base/clock.hpp"
#include "base/gcra.hpp"
#include "base/log.hpp"

namespace owhale::audit {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr std::int64_t kKeyNs = 5 * kSecondNs, kSingleNs = 10 * kSecondNs;
constexpr std::chrono::seconds kFirst{1}, kLater{60};
constexpr std::string_view kMany = "(many)";

bool take(std::int64_t& bucket, std::int64_t every, std::size_t most) {
    const auto taken = gcra(bucket, monotonic_ns(), every, static_cast<std::int64_t>(most));
    if (taken.over_ns <= 0) bucket = taken.next_ns;
    return taken.over_ns <= 0;
}

// As subordinate uids are, of which one user has as many as there are.
bool is_beyond_16_bits(std::string_view key) {
    for (const std::string_view form : {"unix:", "local uid "}) { // over the socket, and over loopback
        std::uint32_t uid = 0;
        if (key.starts_with(form)) std::from_chars(key.data() + form.size(), key.data() + key.size(), uid);
        if (uid > 0xffff) return true;
    }
    return false;
}

// What stands for peers without number tells of none of them.
void make_common(Event& event) {
    event.principal = kMany;
    if (event.data.contains("peer")) event.data["peer"] = kMany;
    for (const auto* one : {"account", "session", "command"}) event.data.erase(one);
}

Event take_sum(std::uint64_t& held_back, Event& last) {
    auto event = std::move(last);
    event.data["count"] = std::exchange(held_back, 0);
    return event;
}

awaitable<void> append(Log& log, Event event) {
    const auto written = co_await log.append(std::move(event));
    if (!written) log::error(to_line(written.error()));
}

} // namespace

Sums::Sums(asio::any_io_executor io, Log& log) : state_(std::make_shared<State>(State{std::move(io), log, {}, {}})) {}

Sums::State::Sort& Sums::State::sort_of(std::string_view key) {
    return sorts[key.starts_with("run:") ? 0 : key.starts_with("ip:") ? 1 : is_beyond_16_bits(key) ? 2 : 3];
}

bool Sums::has_room(State& state, std::string_view key) {
    auto& sort = state.sort_of(key);
    return sort.keys < kMostKeys && take(sort.ns, kKeyNs, kMostKeys);
}

void Sums::put(std::string key, Event event, Told told) {
    key.append(1, ' ').append(event.event.text());
    auto& sums = state_->sums;
    auto at = sums.find(key);
    if (at == sums.end() && !has_room(*state_, key)) {
        key.assign(kMany).append(1, ' ').append(event.event.text());
        make_common(event);
        told = Told::summed;
        at = sums.find(key);
    }
    const bool fresh = at == sums.end();
    if (fresh) {
        at = sums.emplace(key, Sum{}).first;
        ++state_->sort_of(key).keys;
    }
    auto& sum = at->second;
    const bool single = told == Told::singly && take(sum.singles_ns, kSingleNs, kMostSingles);
    if (fresh || single) {
        write(*state_, std::move(event));
    } else {
        ++sum.held_back;
        sum.last = std::move(event);
    }
    if (fresh) asio::co_spawn(state_->io, watch(state_, state_->io, std::move(key)), asio::detached);
}

awaitable<void> Sums::watch(std::weak_ptr<State> weak, asio::any_io_executor io, std::string key) {
    asio::steady_timer timer(io);
    for (auto wait = kFirst;; wait = kLater) {
        timer.expires_after(wait);
        boost::system::error_code ended;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ended));
        const auto state = weak.lock(); // it may have gone meanwhile
        if (!state || ended) co_return;
        auto& sum = state->sums[key];
        if (sum.held_back != 0) {
            write(*state, take_sum(sum.held_back, sum.last));
        } else if (wait == kLater && sum.singles_ns <= monotonic_ns()) { // a pause gives nobody a new start
            state->sums.erase(key);
            --state->sort_of(key).keys;
            co_return;
        }
    }
}

awaitable<void> Sums::flush() {
    const auto state = state_;
    co_await asio::post(state->io, asio::use_awaitable); // events that were told singly go first
    std::vector<Event> last;
    for (auto& [key, sum] : state->sums)
        if (sum.held_back != 0) last.push_back(take_sum(sum.held_back, sum.last));
    for (auto& event : last) co_await append(state->log, std::move(event));
}

void Sums::write(const State& state, Event event) {
    asio::co_spawn(state.io, append(state.log, std::move(event)), asio::detached);
}

} // namespace owhale::audit
