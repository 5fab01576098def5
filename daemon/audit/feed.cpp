#include "audit/feed.hpp"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <boost/json/parse.hpp>

#include "audit/event_json.hpp"

namespace owhale::audit {

std::shared_ptr<const Followed> followed(const Row& row) {
    boost::system::error_code error;
    auto value = boost::json::parse(row.json, error);
    if (error || !value.is_object()) return nullptr;
    auto out = std::make_shared<Followed>();
    out->seq = row.seq;
    out->whole = std::move(value.get_object());
    out->event = text_in(out->whole, "event");
    out->principal = text_in(out->whole, "principal");
    out->json = row.json;
    return out;
}

boost::asio::awaitable<Result<std::unique_ptr<Feed>>> Feed::open(Log& log) {
    auto feed = std::make_unique<Feed>();
    // First the news, then where they begin: what comes between the two counts once.
    const auto executor = co_await boost::asio::this_coro::executor;
    log.follow(executor, [feed = feed.get()](std::vector<Row> rows) { feed->take(std::move(rows)); });
    Query newest;
    newest.limit = 1;
    const auto rows = co_await log.find(std::move(newest));
    if (!rows) co_return std::unexpected(rows.error());
    if (!rows->empty()) feed->last_ = std::max(feed->last_, rows->front().seq);
    co_return feed;
}

Feed::Events Feed::after(std::uint64_t seq, std::size_t most, bool& complete) const {
    Events out;
    complete = seq >= last_ || (!kept_.empty() && kept_.front()->seq <= seq + 1);
    if (!complete) return out;
    auto next = std::ranges::upper_bound(kept_, seq, {}, [](const auto& one) { return one->seq; });
    for (; next != kept_.end() && out.size() < most; ++next) out.push_back(*next);
    return out;
}

Feed::Handle Feed::on_news(Waker waker) {
    auto handle = std::make_shared<Waker>(std::move(waker));
    std::erase_if(wakers_, [](const auto& one) { return one.expired(); });
    wakers_.push_back(handle);
    return handle;
}

void Feed::take(std::vector<Row> rows) {
    std::erase_if(wakers_, [](const auto& one) { return one.expired(); });
    if (wakers_.empty()) { // nobody follows: who comes later finds them in the log
        if (!rows.empty()) last_ = std::max(last_, rows.back().seq);
        kept_.clear();
        bytes_ = 0;
        return;
    }
    for (const auto& row : rows) {
        if (row.seq <= last_) continue;
        last_ = row.seq;
        auto event = followed(row);
        if (!event) continue; // the log has it, damaged or not
        bytes_ += event->json.size();
        kept_.push_back(std::move(event));
    }
    while (kept_.size() > kKept || (bytes_ > kKeptBytes && kept_.size() > 1)) {
        bytes_ -= kept_.front()->json.size();
        kept_.pop_front();
    }
    wake();
}

void Feed::end_as(End end) {
    end_ = end;
    wake();
}

void Feed::wake() const {
    const auto wakers = wakers_; // one may add itself while it is woken
    for (const auto& weak : wakers)
        if (const auto waker = weak.lock()) (*waker)();
}

} // namespace owhale::audit
