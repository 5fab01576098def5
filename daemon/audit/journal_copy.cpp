#include "audit/journal_copy.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <fcntl.h>

#include "audit/journal_entry.hpp"
#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/log.hpp"

namespace owhale::audit {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

constexpr std::size_t kAtOnce = 100;
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kFullPause = kSecond / 20; // for a full queue
constexpr std::int64_t kForEver = 3600 * kSecond; // until there is news
constexpr std::size_t kDigits = 20;

// Fixed in length, so that one write replaces it whole.
std::string position_text(std::uint64_t position) {
    char text[kDigits + 2];
    std::snprintf(text, sizeof text, "%020llu\n", static_cast<unsigned long long>(position));
    return text;
}

std::optional<std::uint64_t> read_position(int fd) {
    const auto text = read_all(fd, 64);
    if (!text || text->size() != kDigits + 1 || text->back() != '\n') return {};
    std::uint64_t position = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + kDigits, position);
    if (error != std::errc{} || end != text->data() + kDigits) return {};
    return position;
}

void rethrow(std::exception_ptr thrown) {
    if (thrown) std::rethrow_exception(thrown);
}

} // namespace

Status JournalCopy::open() {
    file_.reset(::open(parts_.position_file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file_) return fail_errno(parts_.position_file);
    const auto last = parts_.feed.last();
    const auto position = read_position(file_.get());
    position_ = position && *position <= last ? *position : last;
    if (position && *position > last)
        log::warning("the journal's copy was of another log; it goes on from this one's end",
                     {{"position", std::to_string(*position)}, {"last", std::to_string(last)}});
    store_position();
    return {};
}

void JournalCopy::start() {
    news_ = parts_.feed.on_news([this] { timer_.cancel(); });
    asio::co_spawn(parts_.executor, run(), rethrow);
}

void JournalCopy::stop() {
    ended_ = true;
    timer_.cancel();
    store_position();
}

// Not forced to disk: what a power cut takes back is sent once more.
void JournalCopy::store_position() {
    const auto text = position_text(position_);
    if (::pwrite(file_.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
        log::warning("the place of the journal's copy cannot be kept", {{"why", std::strerror(errno)}});
    stored_ns_ = monotonic_ns();
}

awaitable<void> JournalCopy::sleep(std::int64_t nanoseconds) {
    timer_.expires_after(std::chrono::nanoseconds(nanoseconds));
    boost::system::error_code ignored;
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

awaitable<Feed::Events> JournalCopy::next() {
    bool complete = true;
    auto events = parts_.feed.after(position_, kAtOnce, complete);
    if (complete) co_return events;
    Query query;
    query.after = position_;
    query.limit = kAtOnce;
    query.newest_first = false;
    const auto rows = co_await parts_.log.find(std::move(query));
    if (!rows) {
        log::warning("the journal's copy cannot read the audit log", {{"why", to_line(rows.error())}});
        co_await sleep(kSecond);
        co_return events;
    }
    for (const auto& row : *rows)
        if (auto event = followed(row)) events.push_back(std::move(event));
    // Bodies that are damaged or dropped have nothing to tell.
    if (events.empty()) position_ = rows->empty() ? parts_.feed.last() : rows->back().seq;
    co_return events;
}

awaitable<void> JournalCopy::deliver(const Followed& event) {
    const auto entry = entry_of(event);
    while (!ended_) {
        err_ = parts_.journal.send(entry);
        if (err_ == 0) position_ = event.seq;
        if (err_ == 0) break;
        if (err_ != EAGAIN && !std::exchange(told_, true))
            log::warning("journald takes no copy of the audit log; it is tried again",
                         {{"why", std::strerror(err_)}, {"seq", std::to_string(event.seq)}});
        co_await sleep(err_ == EAGAIN ? kFullPause : kSecond);
    }
    told_ = false;
}

awaitable<void> JournalCopy::run() {
    while (!ended_) {
        const auto events = co_await next();
        for (const auto& event : events) {
            due_ns_ = std::max(due_ns_, monotonic_ns() - kBurst * kSecond / kRate) + kSecond / kRate;
            while (!ended_ && monotonic_ns() < due_ns_) co_await sleep(due_ns_ - monotonic_ns());
            co_await deliver(*event);
            if (monotonic_ns() - stored_ns_ > kSecond) store_position();
        }
        if (!events.empty()) continue;
        if (ended_) break;
        store_position();
        if (behind() == 0) co_await sleep(kForEver);
    }
}

} // namespace owhale::audit
