// The broker's orderly end: runs first, then who waits for their answers, then the audit log and who follows it.
#include "base/clock.hpp"
#include "broker.hpp"

namespace owhale {
namespace {

using boost::asio::awaitable;

constexpr std::chrono::seconds kAnswerTime{3};       // for answers under way when owhaled ends
constexpr std::chrono::milliseconds kLastWords{300}; // for who follows the audit log to ask for its end

} // namespace

awaitable<void> Broker::stop() {
    notify_.stopping();
    log::info("owhaled ends", {{"live_runs", std::to_string(runs_->counts().live)}});
    server_->stop();
    feed_->begin_end();
    grants_->stop();
    co_await runs_->stop();
    desk_->stop();
    // Those who wait for a run hear how it ended.
    const std::function<bool()> answered = [this] { return server_->owed() == 0; };
    co_await wait_until(answered, kAnswerTime);
    co_await identity_->flush();
    co_await pairing_->flush();
    co_await sums_->flush();
    co_await record("daemon.stop", "ok");
    feed_->end();
    co_await let_followers_go();
    co_await anchor_end();
    io_.stop();
}

// Who follows the audit log gets the last event, and goes by himself; whoever is still there is ended.
awaitable<void> Broker::let_followers_go() {
    const std::function<bool()> gone = [this] { return server_->connections() == 0; };
    co_await wait_until(gone, kLastWords);
    server_->stop_followers();
    co_await wait_until(gone, kAnswerTime);
}

awaitable<void> Broker::wait_until(std::function<bool()> done, std::chrono::milliseconds most) {
    const auto until = monotonic_ns() + std::chrono::nanoseconds(most).count();
    while (!done() && monotonic_ns() < until) co_await pause(std::chrono::milliseconds(20));
}

int Broker::finish() {
    if (vault_) vault_->uses().store();
    // The writer first: what was appended is on disk before the files close.
    audit_.reset();
    if (!database_) return code_; // the log was refused
    // Live statements keep the file open; so what is in its log goes to the database here.
    if (const auto done = database_->execute("PRAGMA wal_checkpoint(TRUNCATE)"); !done)
        log::warning(to_line(done.error()));
    return code_;
}

} // namespace owhale
