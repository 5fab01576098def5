#include "audit/retention.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace owhale::audit {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

constexpr std::size_t kMostAtOnce = 512; // bodies in one turn of the writer: some milliseconds
constexpr std::chrono::milliseconds kSoonest = std::chrono::seconds(1), kLatest = std::chrono::hours(24);
constexpr std::chrono::milliseconds kBreath{2}; // between two turns: events that wait go first

} // namespace

void Retention::start() {
    asio::co_spawn(parts_.io, work(), asio::detached);
}

awaitable<void> Retention::work() {
    for (;;) {
        const Status done = co_await look();
        if (!done) log::error("old audit events are not dropped now: " + to_line(done.error()));
        timer_.expires_after(std::clamp(parts_.keep / 24, kSoonest, kLatest));
        boost::system::error_code ended;
        co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ended));
        if (ended || parts_.keep.count() == 0) co_return;
    }
}

awaitable<Status> Retention::look() {
    CO_CHECK(co_await drop_noted()); // what a crash, or the end, has left
    if (parts_.keep.count() == 0) co_return Status{};
    Age age{wall_clock_us(), std::chrono::microseconds(parts_.keep).count()};
    if (parts_.needed) age.needed_us = parts_.needed();
    age.seen = seen_.before(monotonic_ns(), std::chrono::nanoseconds(parts_.keep).count());
    const auto drop = co_await parts_.log.droppable(age);
    if (!drop) co_return std::unexpected(drop.error());
    seen_.look(drop->last, monotonic_ns());
    if (drop->through == 0) co_return Status{};
    CO_CHECK(co_await tell_and_note(*drop));
    co_return co_await drop_noted();
}

awaitable<Status> Retention::tell_and_note(Drop drop) {
    Event event{"audit.dropped", "system", "", "ok", "", {}};
    event.data["through"] = drop.through;
    event.data["count"] = drop.count;
    event.data["oldest"] = rfc3339(drop.oldest_us);
    event.data["newest"] = rfc3339(drop.newest_us);
    event.data["retention"] =
        std::to_string(std::chrono::duration_cast<std::chrono::seconds>(parts_.keep).count()) + "s";
    const auto told = co_await parts_.log.append(std::move(event));
    if (!told) co_return std::unexpected(told.error());
    co_return co_await note_signed(drop.through, *told);
}

// Signed before a text goes: a drop that nobody signed could have been written by whoever can write the file.
awaitable<Status> Retention::note_signed(std::uint64_t through, std::uint64_t told) {
    const auto covered = co_await parts_.log.checkpoint_over(told);
    if (!covered) co_return std::unexpected(covered.error());
    co_return co_await parts_.log.note_drop(through, told);
}

awaitable<Status> Retention::drop_noted() {
    std::uint64_t all = 0;
    for (;;) {
        const auto gone = co_await parts_.log.drop_some(kMostAtOnce);
        if (!gone) co_return std::unexpected(gone.error());
        if (*gone == 0) break;
        all += *gone;
        asio::steady_timer breath(parts_.io, kBreath);
        boost::system::error_code ignored;
        co_await breath.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    if (all > 0) log::info("bodies of old audit events were dropped", {{"events", std::to_string(all)}});
    co_return Status{};
}

} // namespace owhale::audit
