#include "vault/uses.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace owhale::vault {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

constexpr std::chrono::seconds kQuiet{1};
constexpr std::size_t kMostTold = 4096; // at a time; beyond, uses of one secret share one line

} // namespace

void Uses::note(const Place& place, const std::string& run, const std::string& host) {
    auto& counted = counted_[place];
    ++counted.count;
    counted.last = wall_clock_us();
    Key key{place, run, host};
    if (held_back_.size() >= kMostTold && !held_back_.contains(key)) key.run = key.host = "*";
    if (const auto at = held_back_.find(key); at != held_back_.end()) {
        ++at->second;
        return;
    }
    held_back_.emplace(key, 0);
    write(key, 1);
    asio::co_spawn(io_, watch(weak_from_this(), std::move(key)), asio::detached);
}

Keep::Uses Uses::of(const Place& place) {
    auto uses = keep_.uses(place);
    if (const auto at = counted_.find(place); at != counted_.end()) {
        uses.count += at->second.count;
        uses.last = std::max(uses.last, at->second.last);
    }
    return uses;
}

void Uses::store() {
    for (const auto& [place, counted] : counted_) {
        if (keep_.find(place) == nullptr) continue; // removed meanwhile
        if (const auto stored = keep_.count_use(place, counted.count, counted.last); !stored)
            log::error("a use of a secret is not counted: " + to_line(stored.error()));
    }
    counted_.clear();
}

awaitable<void> Uses::watch(std::weak_ptr<Uses> self, Key key) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (;;) {
        timer.expires_after(kQuiet);
        boost::system::error_code ended;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ended));
        const auto alive = self.lock();
        if (!alive || ended) co_return;
        alive->store();
        auto& count = alive->held_back_[key];
        if (count == 0) {
            alive->held_back_.erase(key);
            co_return;
        }
        alive->write(key, std::exchange(count, 0));
    }
}

void Uses::write(const Key& key, std::uint64_t count) {
    const auto* held = keep_.find(key.place);
    audit::Event event{"secret.used", key.place.owner, "", "ok", key.run == "*" ? "" : key.run, {}};
    event.data["name"] = key.place.name;
    event.data["owner"] = key.place.owner;
    event.data["host"] = key.host;
    event.data["count"] = count;
    if (held != nullptr) event.data["version"] = held->meta.secret.version;
    event.data["generation"] = keep_.generation();
    asio::co_spawn(
        io_,
        [&log = log_, event = std::move(event)]() mutable -> awaitable<void> {
            const auto written = co_await log.append(std::move(event));
            if (!written) log::error(to_line(written.error()));
        },
        asio::detached);
}

} // namespace owhale::vault
