// What the registry does by itself: at the start, once a second, and at the end.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "audit/event_json.hpp"
#include "base/clock.hpp"
#include "metrics/counts.hpp"
#include "sandbox/logged_end.hpp"
#include "sandbox/registry.hpp"

namespace owhale::sandbox {
namespace {

constexpr std::chrono::seconds kAloneTime{10}; // a run lives on without anybody
constexpr std::chrono::seconds kTick{1};

} // namespace

namespace asio = boost::asio;
using asio::awaitable;
using std::chrono::steady_clock;

// A row that was live as owhaled ended. Whoever waited for the run may have been told its end, which is in the log then.
awaitable<Status> Registry::end_left(api::Run& run) {
    audit::Query query;
    query.run = run.id;
    query.event = "run.outcome";
    query.limit = 1;
    const auto logged = co_await parts_.audit.find(std::move(query));
    if (!logged) co_return std::unexpected(logged.error());
    if (!logged->empty() && take_logged_end(run, logged->front().json)) {
        metrics::counts().runs_ended.add(run.state);
    } else {
        run.state = name(State::lost);
        run.ended = rfc3339(wall_clock_us());
        run.error = "owhaled ended while it ran";
    }
    kept_.measure(run);
    co_return rows_.finish(run, wall_clock_us(), kept_.bytes(run.id));
}

// By its intent: the crash may have come before its row.
awaitable<Result<std::string>> Registry::asked_by(std::string id) {
    audit::Query query;
    query.run = std::move(id);
    query.event = "run.intent";
    query.limit = 1;
    const auto logged = co_await parts_.audit.find(std::move(query));
    if (!logged) co_return std::unexpected(logged.error());
    if (logged->empty()) co_return std::string("system");
    const auto intent = audit::event_object(logged->front().json);
    co_return std::string(audit::text_in(intent, "principal"));
}

awaitable<Status> Registry::reconcile() {
    const auto rows = rows_.live();
    if (!rows) co_return std::unexpected(rows.error());
    for (auto run : *rows) {
        if (restore(run)) continue;
        const auto done = co_await end_left(run);
        if (!done) co_return done;
    }
    cancel_lost();
    const auto interrupted = parts_.audit.interrupted();
    if (!interrupted) co_return std::unexpected(interrupted.error());
    for (const auto& id : *interrupted) {
        const auto principal = co_await asked_by(id);
        if (!principal) co_return std::unexpected(principal.error());
        audit::Event event{"run.outcome", *principal, "", "lost", id, {}};
        event.data["why"] = "owhaled ended while it ran";
        const auto written = co_await parts_.audit.append(std::move(event));
        if (!written) co_return std::unexpected(written.error());
        metrics::counts().runs_ended.add(name(State::lost));
    }
    kept_.remove_unknown(rows_);
    kept_.hold_to_age(rows_);
    asio::co_spawn(parts_.executor, tick(), asio::detached);
    co_return Status{};
}

void Registry::end_lonely(steady_clock::time_point now) {
    for (const auto& [id, run] : live_) {
        run->drop_slow(now);
        const auto since = run->alone_since();
        if (!since || now - *since < kAloneTime || run->told_to_end || run->state() != State::running) continue;
        run->told_to_end = true;
        run->record.hints.push_back({"its client went, and it was not detached", "run -d lets it go on alone"});
        kill(*run, parts_.settings.kill_grace);
    }
}

void Registry::record_late() {
    std::erase_if(unrecorded_, [this](const auto& entry) {
        const auto& ended = entry.second;
        return rows_.finish(ended.record, ended.at_us, ended.kept).has_value();
    });
}

awaitable<void> Registry::tick() {
    asio::steady_timer timer(parts_.executor);
    boost::system::error_code error;
    for (std::uint64_t count = 1; !stopping_; ++count) {
        timer.expires_after(kTick);
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return;
        end_lonely(steady_clock::now());
        record_late();
        co_await launcher_.write_late();
        if (count % 3600 == 0) kept_.hold_to_age(rows_);
    }
}

awaitable<void> Registry::stop() {
    stopping_ = true;
    for (const auto& [id, run] : live_) {
        if (run->state() != State::waiting_approval)
            kill(*run, parts_.settings.kill_grace);
        else if (run->has_client) // the others wait for the next start
            cancel_waiting(*run, "owhaled is stopping");
    }
    asio::steady_timer limit(parts_.executor, parts_.settings.kill_grace + std::chrono::seconds(5));
    bool late = false;
    limit.async_wait([&](const boost::system::error_code& error) {
        if (error) return;
        late = true;
        empty_.notify();
    });
    while (live_.size() != waiting_ && !late) co_await empty_.wait();
    limit.cancel();
    record_late();
    co_await launcher_.write_late(); // else the next start tells their outcomes as lost
}

} // namespace owhale::sandbox
