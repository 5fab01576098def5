#include "cli/approval_feed.hpp"

#include "cli/approvals.hpp"
#include "cli/messages.hpp"

namespace owhale::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kSilence = 45s;    // of a stream that sends something every 15 s
constexpr auto kPoll = 1s;        // without events
constexpr auto kPollBeside = 15s; // with them
constexpr auto kBetween = 200ms;  // many events at once are one look
constexpr auto kCount = 2s;       // between two looks at what is not announced
constexpr auto kTryAgain = 5s;
constexpr std::size_t kMostPending = 10'000;

// A device that was removed, a token whose time has ended: asking again helps nobody.
bool is_over(const Error& error) {
    return error.code == Code::token_revoked || error.code == Code::token_expired;
}

} // namespace

asio::awaitable<void> ApprovalFeed::pause(std::chrono::milliseconds time) {
    asio::steady_timer timer(loop_, time);
    boost::system::error_code error;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
}

asio::awaitable<void> ApprovalFeed::follow() {
    for (;;) {
        Call call{.verb = "events", .limit = kSilence};
        call.headers.emplace_back("Accept", "text/event-stream");
        if (!lines_.last_id().empty()) call.headers.emplace_back("Last-Event-ID", lines_.last_id());
        const std::function<void(std::string_view)> take = [this](std::string_view bytes) {
            following_ = true;
            lines_.take(bytes, [this](const ServerEvent& event) {
                if (!event.event.starts_with("run.")) refresh();
            });
        };
        co_await follower_.follow(std::move(call), take);
        following_ = false;
        refresh();
        co_await pause(kTryAgain);
    }
}

asio::awaitable<void> ApprovalFeed::refresh_always() {
    for (;;) {
        again_ = false;
        auto pending = co_await all_pending();
        if (pending) {
            acts_.trouble("");
            std::set<std::string> ids;
            for (const auto& one : *pending) ids.insert(one.id);
            std::vector<api::Approval> fresh;
            for (const auto& one : *pending)
                if (!known_.contains(one.id)) fresh.push_back(one);
            known_ = std::move(ids);
            acts_.listed(*std::move(pending));
            for (auto one = fresh.rbegin(); one != fresh.rend(); ++one) acts_.fresh(*one);
            co_await count_throttled();
        } else if (acts_.ended && is_over(pending.error())) {
            acts_.ended(pending.error());
            co_return;
        } else {
            acts_.trouble(pending.error().message);
        }
        co_await pause(kBetween);
        const std::chrono::milliseconds rest = following_ ? kPollBeside : kPoll;
        asio::steady_timer timer(loop_, rest);
        timer.async_wait([this](const boost::system::error_code& error) {
            if (!error) due_.ring();
        });
        if (!again_) co_await due_.wait();
    }
}

asio::awaitable<void> ApprovalFeed::count_throttled() {
    const auto now = std::chrono::steady_clock::now();
    if (!acts_.throttled || now - counted_ < kCount) co_return;
    counted_ = now;
    Call call{.verb = "approvals.list", .query = {{"all", "1"}, {"state", "pending"}, {"limit", "500"}}};
    const auto body = co_await ask(std::move(call));
    const auto list = body ? read_approvals(*body) : std::unexpected(body.error());
    if (list) acts_.throttled(throttled_words(*list));
}

asio::awaitable<Result<std::string>> ApprovalFeed::ask(Call call) {
    while (busy_) co_await pause(5ms); // one call at a time on one connection
    busy_ = true;
    call.silent = true;
    auto reply = co_await asker_.send(std::move(call));
    busy_ = false;
    if (!reply) co_return std::unexpected(std::move(reply).error());
    auto good = succeeded(*std::move(reply));
    if (!good) co_return std::unexpected(std::move(good).error());
    co_return std::move(good->body);
}

asio::awaitable<Result<std::vector<api::Approval>>> ApprovalFeed::all_pending() {
    std::vector<api::Approval> all;
    std::string before;
    while (all.size() < kMostPending) {
        Call call{.verb = "approvals.list", .query = {{"state", "pending"}, {"limit", "500"}}};
        if (!before.empty()) call.query.emplace_back("before", before);
        const auto body = co_await ask(std::move(call));
        if (!body) co_return std::unexpected(body.error());
        auto list = read_approvals(*body);
        if (!list) co_return std::unexpected(std::move(list).error());
        for (auto& one : list->approvals)
            if (!one.throttled) all.push_back(std::move(one));
        if (!list->next) break;
        before = *list->next;
    }
    co_return all;
}

} // namespace owhale::cli
