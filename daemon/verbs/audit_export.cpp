// GET /v1/audit/export: the log from a sequence number on, one event a line, for as long as the client takes them.
//
// Who reads slowly is waited for, and holds nothing: each batch is read in a transaction of its own. Who loses the right
// gets no further batch. That an export begins is in the log before its first line, and how it ended after its last.
#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "audit/export_line.hpp"
#include "audit/feed.hpp"
#include "audit/moment.hpp"
#include "base/log.hpp"
#include "base/uuid.hpp"
#include "identity/service.hpp"
#include "verbs/asker.hpp"
#include "verbs/groups.hpp"
#include "verbs/places.hpp"
#include "verbs/reply.hpp"

namespace owhale::verbs {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using transport::Request;

constexpr std::uint64_t kMaxSequence = std::uint64_t{1} << 53;
constexpr std::size_t kExports = 16, kExportsOfOne = 4;
constexpr std::chrono::seconds kLook{1}, kHeartbeat{15};
constexpr std::chrono::seconds kHeads{10}; // between the tree heads of who follows, as the log's own are

struct Wanted {
    audit::ExportFormat format = audit::ExportFormat::jsonl;
    std::string format_name = "jsonl";
    audit::Span span;
    bool to_now = false; // no end was named: what is there when it begins
    bool follow = false;
};

class Export : public std::enable_shared_from_this<Export> {
public:
    Export(const Services& services, const Request& request, Wanted wanted, std::shared_ptr<Places::Place> place)
        : services_(services), asker_(asker_of(request, "audit.export")), wanted_(std::move(wanted)),
          place_(std::move(place)), id_(to_string(make_uuid())), source_{services.audit.key().name, services.version} {}

    // Tells the log, and asks it for the tree head that the lines will be held against.
    awaitable<Status> begin() {
        CO_CHECK(co_await tell("pending"));
        auto head = co_await services_.audit.checkpoint();
        if (!head) co_return std::unexpected(head.error());
        head_ = std::move(*head);
        // What is yet to come is waited for by who follows alone.
        if (wanted_.to_now || !wanted_.follow)
            wanted_.span.through = wanted_.to_now ? head_.size : std::min(wanted_.span.through, head_.size);
        co_return Status{};
    }

    awaitable<void> serve(transport::Outlet& outlet) {
        const auto self = shared_from_this();
        Status ended = co_await send_all(outlet);
        if (ended && cut_off()) ended = fail(Code::state_unavailable, "owhaled is stopping, and not all is there");
        if (!ended && (!gone_ || cut_off())) {
            std::string last;
            audit::append_problem(last, ended.error());
            co_await outlet.write(last);
        }
        if (!told_end_) co_await tell_end(gone_ ? "cancelled" : ended ? "ok" : "failed");
        wake_ = nullptr;
    }

    void client_went() {
        gone_ = true;
        if (wake_) wake_();
    }

private:
    awaitable<Status> send_all(transport::Outlet& outlet) {
        asio::steady_timer timer(co_await asio::this_coro::executor);
        wake_ = [&timer] { timer.cancel(); };
        const auto news = services_.feed->on_news(wake_);
        auto said = std::chrono::steady_clock::now();
        while (!gone_ && !done()) {
            CO_CHECK(stands());
            CO_CHECK(co_await renew_head());
            auto batch = co_await next();
            if (!batch) co_return std::unexpected(batch.error());
            const bool idle = batch->empty() && at_end();
            if (idle && feed().ending() && !told_end_) { // while it can be told to who follows, too
                co_await tell_end("ok");
                continue;
            }
            if (idle && std::chrono::steady_clock::now() - said >= kHeartbeat) *batch = "\n"; // it lives
            if (!batch->empty()) {
                const bool sent = co_await outlet.write(*batch);
                if (!sent) gone_ = true;
                said = std::chrono::steady_clock::now();
            } else if (idle && wanted_.follow && !gone_) {
                timer.expires_after(kLook);
                boost::system::error_code ignored;
                co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
            }
        }
        co_return Status{};
    }

    // All lines are out, and the tree head that covers them.
    bool done() const {
        if (!at_end() || endless()) return false;
        return told_head_ && !(feed().ended() && lacks_head());
    }
    // Until owhaled ends, whose last event is the last line of who follows.
    bool endless() const {
        return wanted_.follow && !feed().ended() && (wanted_.to_now || wanted_.span.after < wanted_.span.through);
    }
    bool cut_off() const { return gone_ && feed().ending(); } // by owhaled's end, or with it
    const audit::Feed& feed() const { return *services_.feed; }
    bool at_end() const { return wanted_.span.after >= limit(); }
    std::uint64_t limit() const {
        if (!wanted_.follow) return wanted_.span.through;
        return wanted_.to_now ? services_.feed->last() : std::min(wanted_.span.through, services_.feed->last());
    }

    // The rights of who asks, as they are now: an export outlives nobody's session.
    Status stands() {
        auto now = services_.identity.refresh(asker_.peer, asker_.who);
        if (!now) return std::unexpected(now.error());
        if (!now->may(identity::Permission::audit_read, false))
            return fail(Code::forbidden, "the right to read the audit log has gone");
        asker_.who = std::move(*now);
        return {};
    }

    awaitable<Result<std::string>> next() {
        std::string out;
        auto span = wanted_.span;
        span.through = limit();
        if (span.after < span.through) {
            const auto stretch = co_await services_.audit.read_on(span);
            if (!stretch) co_return std::unexpected(stretch.error());
            for (const auto& row : stretch->rows) {
                if (!audit::append_line(out, wanted_.format, row, source_)) continue;
                if (count_++ == 0) first_ = row.seq;
                last_ = row.seq;
            }
            if (stretch->through == span.after)
                co_return fail(Code::state_unavailable,
                               "event " + std::to_string(span.after + 1) + " is missing from the audit log");
            wanted_.span.after = stretch->through;
        }
        if (at_end()) add_head(out);
        co_return out;
    }

    // A choice of events is no tree.
    bool has_heads() const {
        const audit::Span all;
        const bool chosen = wanted_.span.since_us != all.since_us || wanted_.span.until_us != all.until_us;
        return wanted_.format == audit::ExportFormat::jsonl && !chosen;
    }

    // Of the newest tree head, once the lines so far reach it.
    void add_head(std::string& out) {
        const bool reached = head_.size <= wanted_.span.after;
        if (told_head_ || (!reached && (endless() || feed().ended()))) return;
        told_head_ = true;
        if (has_heads() && reached) audit::append_checkpoint(out, wanted_.format, head_.note);
    }

    bool lacks_head() const { return wanted_.follow && has_heads() && wanted_.span.after > head_.size; }

    // For who follows: over what has come since the last one; at owhaled's end over all.
    awaitable<Status> renew_head() {
        const auto now = std::chrono::steady_clock::now();
        const bool due = feed().ended() ? at_end() : endless() && now - headed_ >= kHeads;
        if (!due || !told_head_ || !lacks_head()) co_return Status{};
        auto head = co_await services_.audit.checkpoint();
        if (!head) co_return std::unexpected(head.error());
        head_ = std::move(*head);
        headed_ = now;
        told_head_ = false;
        co_return Status{};
    }

    awaitable<void> tell_end(std::string outcome) {
        told_end_ = true;
        const Status told = co_await tell(std::move(outcome));
        if (!told) log::error(to_line(told.error()));
    }

    awaitable<Status> tell(std::string outcome) {
        audit::Event event{"audit.exported", asker_.who.name, "audit.export", outcome, "", {}};
        event.for_agent = asker_.who.for_agent;
        event.data["export"] = id_;
        event.data["format"] = wanted_.format_name;
        event.data["follow"] = wanted_.follow;
        event.data["peer"] = asker_.peer.describe();
        if (!asker_.who.session.empty()) event.data["session"] = asker_.who.session;
        event.data["from"] = outcome == "pending" ? wanted_.span.after + 1 : first_;
        if (outcome != "pending") {
            event.data["to"] = last_;
            event.data["count"] = count_;
        } else if (!wanted_.to_now) {
            event.data["to"] = wanted_.span.through;
        }
        const auto written = co_await services_.audit.append(std::move(event));
        if (!written) co_return std::unexpected(written.error());
        co_return Status{};
    }

    const Services services_;
    identity::Asker asker_;
    Wanted wanted_;
    std::shared_ptr<Places::Place> place_;
    std::string id_;
    const audit::ExportSource source_;
    audit::Signed head_;
    std::chrono::steady_clock::time_point headed_ = std::chrono::steady_clock::now();
    std::uint64_t first_ = 0, last_ = 0, count_ = 0; // lines that went out
    std::function<void()> wake_;
    bool gone_ = false, told_head_ = false, told_end_ = false;
};

Result<std::int64_t> time_of(const Request& request, const std::string& name, std::int64_t otherwise) {
    const auto text = text_of(request, name);
    if (text.empty()) return otherwise;
    return audit::moment_of(text, name);
}

Result<Wanted> wanted_of(const Request& request) {
    CHECK(only(request, {"after", "until_seq", "since", "until", "format", "follow"}));
    if (!any(request, identity::Permission::audit_read))
        return fail(Code::forbidden, "an export has everybody's events, and you may see your own only",
                    "`owhalectl audit ls` shows them; an auditor or admin can export");
    Wanted wanted;
    if (const auto name = text_of(request, "format"); !name.empty()) wanted.format_name = name;
    const auto format = audit::export_format(wanted.format_name);
    if (!format) return fail(Code::invalid_value, "format: there is no such one", "use jsonl, ocsf or cef");
    wanted.format = *format;
    wanted.span.after = TRY(number_of(request, "after", 0, kMaxSequence));
    wanted.to_now = !request.query.contains("until_seq");
    wanted.span.through = TRY(number_of(request, "until_seq", 0, kMaxSequence));
    wanted.span.since_us = TRY(time_of(request, "since", wanted.span.since_us));
    wanted.span.until_us = TRY(time_of(request, "until", wanted.span.until_us));
    CHECK(audit::check_order(text_of(request, "since"), text_of(request, "until")));
    wanted.follow = TRY(number_of(request, "follow", 0, 1)) == 1;
    return wanted;
}

awaitable<Result<transport::Streamed>> start(Services services, std::shared_ptr<Places> places, Request& request) {
    auto wanted = wanted_of(request);
    if (!wanted) co_return std::unexpected(wanted.error());
    auto place = Places::take(std::move(places), request.who().name);
    if (!place) co_return std::unexpected(place.error());
    transport::Streamed streamed;
    streamed.head.content_type = audit::content_type(wanted->format);
    streamed.head.headers.emplace_back("X-Accel-Buffering", "no");
    request.connection->follows = wanted->follow;
    auto one = std::make_shared<Export>(services, request, std::move(*wanted), std::move(*place));
    request.connection->on_close.push_back([weak = std::weak_ptr(one)] {
        if (const auto alive = weak.lock()) alive->client_went();
    });
    const Status begun = co_await one->begin();
    if (!begun) co_return std::unexpected(begun.error());
    streamed.body = [one](transport::Outlet& outlet) { return one->serve(outlet); };
    co_return streamed;
}

} // namespace

std::vector<transport::Route> audit_export_routes(const Services& services) {
    const auto places = std::make_shared<Places>("exports of the audit log are under way", kExports, kExportsOfOne);
    return {
        {"audit.export", {}, {}, [services, places](Request& request) { return start(services, places, request); }}};
}

} // namespace owhale::verbs
