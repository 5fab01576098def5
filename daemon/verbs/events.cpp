// GET /v1/events: what happens to approvals, grants, freezes and runs, as server-sent events (WHATWG HTML, section 9.2).
//
// A stream is a place in the audit log: ids are its sequence numbers. What a client misses, by being slow, away, or by a
// restart of owhaled, it gets when it comes back with the last id that it saw. Nothing is kept for it meanwhile: a
// message batch is the only buffer, and the kernel's takes or refuses it.
#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "audit/feed.hpp"
#include "identity/service.hpp"
#include "verbs/following.hpp"
#include "verbs/groups.hpp"
#include "verbs/places.hpp"
#include "verbs/reply.hpp"

namespace owhale::verbs {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using transport::Request;

constexpr std::size_t kBatch = 64u << 10;       // bytes that wait for one client
constexpr std::size_t kMostAtOnce = 256;        // events looked at between two looks at who asks
constexpr std::size_t kMostParsed = 256u << 10; // bytes of them, of the log's: others' requests are answered between
constexpr std::chrono::seconds kHeartbeat{15}, kLook{1};
constexpr unsigned kRetry = 2'000; // ms: when a client comes back
constexpr std::size_t kStreams = 2048, kStreamsOfOne = 8;
constexpr std::uint64_t kMaxSequence = std::uint64_t{1} << 53;

class Follower : public std::enable_shared_from_this<Follower> {
public:
    Follower(const Services& services, const Request& request, std::shared_ptr<Places::Place> place,
             std::set<std::string, std::less<>> types, std::uint64_t seen)
        : identity_(services.identity), log_(services.audit), feed_(*services.feed), peer_(request.connection->peer),
          who_(request.who()), place_(std::move(place)), types_(std::move(types)), seen_(seen) {}

    awaitable<void> serve(transport::Outlet& outlet) {
        const auto self = shared_from_this();
        asio::steady_timer timer(co_await asio::this_coro::executor);
        wake_ = [&timer] { timer.cancel(); };
        const auto news = feed_.on_news([this] { note_news(); });
        const std::string hello = "retry: " + std::to_string(kRetry) + "\n\n";
        bool good = co_await outlet.write(hello);
        auto said = std::chrono::steady_clock::now();
        while (good && !gone_ && stands()) {
            news_ = false;
            auto batch = co_await next();
            if (!batch) break; // the log cannot be read: the client comes back with its last id
            const auto now = std::chrono::steady_clock::now();
            if (batch->empty() && now - said >= kHeartbeat) *batch = ":\n\n";
            if (!batch->empty()) {
                good = co_await outlet.write(*batch);
                said = now;
            } else if (!behind_ && !news_ && !gone_) {
                timer.expires_after(kLook);
                boost::system::error_code ignored;
                co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
            }
        }
        wake_ = nullptr;
    }

    void client_went() {
        gone_ = true;
        if (wake_) wake_();
    }

private:
    void note_news() {
        news_ = true;
        if (wake_) wake_();
    }

    // Who asks is asked again, and with what rights: a stream outlives nobody's session.
    bool stands() {
        auto now = identity_.refresh(peer_, who_);
        if (!now || !(now->may(identity::Permission::events, true))) return false;
        who_ = std::move(*now);
        return true;
    }

    // The messages that come next, up to a batch; "" none now. `behind_` when there may be more at once.
    awaitable<Result<std::string>> next() {
        bool complete = true;
        auto events = feed_.after(seen_, kMostAtOnce, complete);
        if (!complete) {
            audit::Query query;
            query.after = seen_;
            query.limit = kMostAtOnce;
            query.newest_first = false;
            const auto rows = co_await log_.find(std::move(query));
            if (!rows) co_return std::unexpected(rows.error());
            std::size_t parsed = 0;
            for (const auto& row : *rows) {
                if (parsed > kMostParsed) break;
                parsed += row.json.size();
                if (auto event = audit::followed(row)) events.push_back(std::move(event));
                last_read_ = row.seq;
            }
            if (events.empty() && !rows->empty()) seen_ = last_read_; // all damaged
            if (!stands()) co_return std::string();                   // while the log was read
        }
        co_return batch_of(events);
    }

    std::string batch_of(const audit::Feed::Events& events) {
        std::string out;
        behind_ = !events.empty();
        for (const auto& event : events) {
            if (may_follow(*event, who_, types_)) {
                auto message = as_message(*event);
                if (!out.empty() && out.size() + message.size() > kBatch) break;
                out += message;
            }
            seen_ = event->seq;
        }
        return out;
    }

    identity::Identity& identity_;
    audit::Log& log_;
    audit::Feed& feed_;
    identity::Peer peer_;
    identity::Principal who_;
    std::shared_ptr<Places::Place> place_;
    std::set<std::string, std::less<>> types_;
    std::uint64_t seen_, last_read_ = 0;
    std::function<void()> wake_;
    bool gone_ = false, news_ = false, behind_ = false;
};

Result<std::optional<std::uint64_t>> last_seen(const Request& request) {
    const auto header = request.headers.find("last-event-id");
    auto text = header != request.headers.end() ? header->second : text_of(request, "last_event_id");
    if (text.empty()) return std::nullopt;
    const bool digits = text.size() <= 16 && text.find_first_not_of("0123456789") == std::string::npos;
    const auto value = digits ? std::stoull(text) : kMaxSequence + 1;
    if (value > kMaxSequence)
        return fail(Code::invalid_value, "Last-Event-ID is no id of an event",
                    "send the last `id:` that came, or none");
    return value;
}

awaitable<Result<transport::Streamed>> follow(Services services, std::shared_ptr<Places> places, Request& request) {
    CO_CHECK(only(request, {"types", "last_event_id"}));
    auto types = wanted_types(text_of(request, "types"));
    if (!types) co_return std::unexpected(types.error());
    const auto seen = last_seen(request);
    if (!seen) co_return std::unexpected(seen.error());
    auto place = Places::take(std::move(places), request.who().name);
    if (!place) co_return std::unexpected(place.error());
    // An id that is yet to come is of another log: from now on, then.
    const auto from = std::min(seen->value_or(services.feed->last()), services.feed->last());
    auto follower = std::make_shared<Follower>(services, request, std::move(*place), std::move(*types), from);
    request.connection->on_close.push_back([weak = std::weak_ptr(follower)] {
        if (const auto alive = weak.lock()) alive->client_went();
    });
    transport::Streamed streamed;
    streamed.head.content_type = "text/event-stream";
    streamed.head.headers.emplace_back("X-Accel-Buffering", "no"); // a proxy that buffers would hold events back
    streamed.body = [follower](transport::Outlet& outlet) { return follower->serve(outlet); };
    co_return streamed;
}

} // namespace

std::vector<transport::Route> event_routes(const Services& services) {
    const auto places = std::make_shared<Places>("streams of events are open", kStreams, kStreamsOfOne);
    return {{"events", {}, {}, [services, places](Request& request) { return follow(services, places, request); }}};
}

} // namespace owhale::verbs
