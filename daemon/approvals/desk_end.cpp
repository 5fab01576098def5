// How a question ends but by a person's word: it expires, is taken back, its run starts, or may not start any more.
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "approvals/desk.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "metrics/counts.hpp"

namespace owhale::approvals {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using sandbox::Answer;

constexpr std::chrono::seconds kTick{1};
constexpr std::int64_t kDay = 24ll * 3600 * 1'000'000;
constexpr unsigned kTicksAnHour = 3600;

Answer::Word word_of(State how) {
    return how == State::expired || how == State::void_ ? Answer::Word::expired : Answer::Word::cancelled;
}

void complain(const Status& status, const std::string& id, const char* what) {
    if (!status) log::error(what, {{"approval", id}, {"why", to_line(status.error())}});
}

} // namespace

void Desk::answer(const std::string& run, Answer::Word word, const std::string& because) {
    if (!run.starts_with(kHostKey)) {
        if (on_answer) on_answer(run, {word, because});
        return;
    }
    if (on_host_answer) on_host_answer(run, {word, because});
    if (word != Answer::Word::approved) return;
    // The connection goes on with this very answer: nothing is prepared anew.
    asio::co_spawn(
        parts_.executor,
        [this, run]() -> awaitable<void> {
            const auto used = co_await use(run);
            if (!used) log::info("an agreed host was not used", {{"why", to_line(used.error())}});
        },
        asio::detached);
}

Status Desk::enter(const Shared& live, api::Approval& approval, State to, std::vector<std::string> gone,
                   const api::Decision* decision) {
    if (to != live->state && !may_follow(live->state, to))
        return fail(Code::internal, "a request went a way that is none");
    const auto now = wall_clock_us();
    approval.state = name(to);
    if (ended(to)) approval.ended = rfc3339(now);
    if (ended(to)) approval.claimable = false;
    const Rows::Change change{approval, live->state, now, live->expires, ended(to) ? std::optional(now) : std::nullopt,
                              decision, gone};
    CHECK(rows_.change(change));
    const bool was_pending = live->state == State::pending;
    live->state = to;
    if (was_pending && to != State::pending) metrics::counts().approvals_ended.add(name(to));
    for (const auto& run : gone) by_run_.erase(run), live->runs.erase(run);
    if (ended(to) || (was_pending && to != State::pending)) forget(live);
    for (auto* waiter : live->waiters) waiter->cancel();
    return {};
}

bool Desk::is_due(const Live& live) const {
    return wall_clock_us() >= live.expires || monotonic_ns() >= live.deadline_ns;
}

awaitable<Status> Desk::note_end(const api::Approval& approval, State how, const std::string& because,
                                 const std::string& run) {
    audit::Event event{"approval.ended", approval.principal, "", std::string(name(how)), run_of_key(run), {}};
    event.data["approval"] = approval.id;
    event.data["digest"] = approval.digest;
    event.data["severity"] = approval.severity;
    if (!because.empty()) event.data["why"] = because;
    const auto written = co_await parts_.audit.append(std::move(event));
    if (!written) co_return std::unexpected(written.error());
    co_return Status{};
}

void Desk::begin_end(const Shared& live, State how, std::string because) {
    if (live->end) return;
    live->end = how;
    live->because = std::move(because);
    asio::co_spawn(parts_.executor, end(live), asio::detached);
}

// As `live->end` says. What the log or the row does not take is tried again with the next tick; until then nobody can
// decide it.
awaitable<void> Desk::end(Shared live) {
    const auto turn = co_await live->turn.take();
    if (!turn || !live->end || ended(live->state)) co_return;
    if (!may_follow(live->state, *live->end)) live->end = State::void_; // approved meanwhile, and never claimed
    auto approval = found(live->id);
    if (!approval) co_return complain(std::unexpected(approval.error()), live->id, "a request cannot be ended");
    const auto how = *live->end;
    const auto noted = co_await note_end(*approval, how, live->because, approval->run);
    if (!noted) co_return complain(noted, live->id, "a request's end could not be written down; it is tried again");
    approval->ended_because = live->because;
    const auto runs = live->runs;
    std::vector<std::string> gone;
    for (const auto& [run, waits] : runs) gone.push_back(run);
    if (const auto done = enter(live, *approval, how, std::move(gone)); !done)
        co_return complain(done, live->id, "a request's end could not be stored; it is tried again");
    if (how == State::expired) count(approval->principal, Asked::expired);
    for (const auto& [run, waits] : runs) answer(run, word_of(how), live->because);
}

// One of the runs that wait goes; with the last one the request ends.
awaitable<void> Desk::leave(Shared live, std::string run, State how, std::string because) {
    const auto turn = co_await live->turn.take();
    if (!turn || !live->runs.contains(run)) co_return;
    auto approval = found(live->id);
    if (!approval) co_return complain(std::unexpected(approval.error()), live->id, "a request cannot be read");
    const bool last = live->runs.size() == 1;
    const auto to = !last ? live->state : live->used ? State::used : how;
    if (!because.empty()) approval->ended_because = because;
    if (last) {
        const auto noted = co_await note_end(*approval, to, because, run);
        complain(noted, live->id, "a request's end could not be written down");
    }
    std::vector<std::string> gone{run};
    const auto done = enter(live, *approval, to, std::move(gone));
    complain(done, live->id, "a request's end could not be stored");
    if (!done) by_run_.erase(run), live->runs.erase(run);
}

void Desk::cancel(const std::string& run, std::string because) {
    const auto at = by_run_.find(run);
    if (at == by_run_.end()) return;
    const auto live = at->second;
    if (live->runs.size() == 1 && live->state == State::pending)
        return begin_end(live, State::cancelled, std::move(because));
    asio::co_spawn(
        parts_.executor,
        [this, live, run, because = std::move(because)]() -> awaitable<void> {
            co_await leave(live, run, State::cancelled, because);
            answer(run, Answer::Word::cancelled, because);
        },
        asio::detached);
}

awaitable<void> Desk::end_void(const std::string& run, std::string because) {
    const auto at = by_run_.find(run);
    if (at == by_run_.end()) co_return;
    const auto live = at->second;
    co_await leave(live, run, State::void_, std::move(because));
}

awaitable<Result<sandbox::Agreement>> Desk::use(const std::string& run) {
    const auto refused = fail(Code::approval_ended, "the approval does not hold any more", "ask again");
    const auto at = by_run_.find(run);
    if (at == by_run_.end()) co_return refused;
    const auto live = at->second;
    const auto turn = co_await live->turn.take();
    if (!turn) co_return std::unexpected(turn.error());
    if (live->state != State::approved || live->end || is_due(*live) || !live->runs.contains(run)) co_return refused;
    auto approval = found(live->id);
    if (!approval) co_return std::unexpected(approval.error());
    recount(*approval, *live);
    if (!is_enough(*approval, *live))
        co_return fail(Code::approval_void, "who agreed to it may not any more", "ask again");
    sandbox::Agreement out{live->id, approval->grant.value_or(""), {}};
    for (const auto& one : approval->decisions)
        if (one.decision == "approve") out.by.push_back(one.by);
    const bool last = live->runs.size() == 1;
    live->used = true;
    CO_CHECK(enter(live, *approval, last ? State::used : State::approved, {run}));
    // The intent that follows carries it: this is for those who follow requests, and goes to disk with it.
    if (last)
        asio::co_spawn(
            parts_.executor,
            [this, approval = std::move(*approval), run]() -> awaitable<void> {
                const std::string nothing;
                const auto noted = co_await note_end(approval, State::used, nothing, run);
                complain(noted, approval.id, "that an approval was used could not be written down");
            },
            asio::detached);
    co_return out;
}

// Its turn is held, or nobody else takes it any more.
awaitable<void> Desk::put_void(std::string run, std::string id, std::string because) {
    auto approval = found(id);
    if (!approval) co_return complain(std::unexpected(approval.error()), id, "a request cannot be read");
    const auto noted = co_await note_end(*approval, State::void_, because, run);
    complain(noted, id, "that nothing ran could not be written down");
    if (approval->state != name(State::used)) co_return;
    approval->state = name(State::void_);
    approval->ended_because = std::move(because);
    const auto now = wall_clock_us();
    const Rows::Change change{*approval, State::used, now, std::nullopt, now, nullptr, {}};
    complain(rows_.change(change), id, "that nothing ran is not stored");
}

// Of several runs that waited for it the others may be on their way still: it is void when none is.
awaitable<void> Desk::not_started(std::string run, std::string id, std::string because) {
    const auto at = live_.find(id);
    if (at == live_.end()) co_return co_await put_void(std::move(run), std::move(id), std::move(because));
    const auto live = at->second;
    const auto turn = co_await live->turn.take();
    if (turn) co_await put_void(std::move(run), std::move(id), std::move(because));
}

void Desk::outlive_client(const std::string& run) {
    const auto at = by_run_.find(run);
    if (at == by_run_.end()) return;
    at->second->runs[run] = false;
    complain(rows_.set_waits(run, false), at->second->id, "that its client need not stay is not stored");
}

void Desk::set_claimable(const std::string& run) {
    const auto at = by_run_.find(run);
    if (at == by_run_.end() || at->second->state != State::approved) return;
    auto approval = found(at->second->id);
    if (!approval || approval->claimable) return;
    approval->claimable = true;
    complain(enter(at->second, *approval, State::approved, {}), approval->id, "that it can be claimed is not stored");
}

awaitable<Result<api::Approval>> Desk::take_back(const identity::Principal& who, std::string id,
                                                 std::optional<std::string> reason) {
    auto pending = find_pending(who, id);
    if (!pending) co_return std::unexpected(pending.error());
    const auto live = *pending;
    if (live->question.principal != who.name)
        co_return fail(Code::forbidden, "only who asked can take it back", "`owhalectl deny " + id + "` refuses it");
    if (reason && reason->size() > kMostText)
        co_return fail(Code::invalid_value, "reason is longer than 4 KiB", "say less");
    if (!live->end) live->end = State::cancelled, live->because = reason.value_or("its requester took it back");
    co_await end(live);
    auto shown = show(who, id);
    if (shown && shown->state != "cancelled")
        co_return fail(shown->ended ? Code::approval_ended : Code::state_unavailable,
                       "it could not be taken back: it is " + shown->state);
    co_return shown;
}

// --- by the clock ---

awaitable<void> Desk::tick() {
    std::vector<Shared> due;
    for (const auto& [id, live] : live_)
        if (live->end || is_due(*live)) due.push_back(live);
    for (const auto& live : due) {
        const bool waited = live->state == State::pending;
        if (!live->end)
            live->because = waited ? "nobody answered it in time" : "it was approved, and nobody claimed it in time";
        if (!live->end) live->end = waited ? State::expired : State::void_;
        asio::co_spawn(parts_.executor, end(live), asio::detached);
    }
    co_return;
}

awaitable<void> Desk::watch() {
    boost::system::error_code error;
    for (unsigned count = 1; !stopped_; ++count) {
        timer_.expires_after(kTick);
        co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return;
        co_await tick();
        if (count % kTicksAnHour == 1) remove_old();
    }
}

void Desk::remove_old() {
    if (parts_.settings.keep_days == 0) return;
    const auto before = wall_clock_us() - static_cast<std::int64_t>(parts_.settings.keep_days) * kDay;
    complain(rows_.remove_ended_before(before), "", "old requests cannot be removed");
    if (parts_.tally != nullptr)
        complain(parts_.tally->remove_before(before), "", "old counts of questions cannot be removed");
}

void Desk::start() {
    std::vector<std::string> left;
    for (const auto& [id, live] : live_)
        for (const auto& [run, waits] : live->runs)
            if (waits) left.push_back(run);
    for (const auto& run : left) cancel(run, "owhaled ended while its client waited");
    asio::co_spawn(parts_.executor, watch(), asio::detached);
}

void Desk::stop() {
    stopped_ = true;
    timer_.cancel();
}

// There is room for one more: the oldest that was held back is shown now.
void Desk::announce_throttled(const std::string& payer) {
    auto& share = shares_[payer];
    if (share.shown >= parts_.settings.approval_burst || share.shown == share.pending) return;
    const auto at = std::ranges::find_if(live_, [&](const auto& entry) {
        const auto& live = *entry.second;
        return live.payer == payer && live.throttled && live.state == State::pending && !live.end;
    });
    if (at == live_.end()) return;
    const auto live = at->second;
    if (parts_.tally != nullptr && parts_.tally->over_budget(live->question.principal)) return;
    auto approval = found(live->id);
    if (!approval) return;
    approval->throttled = false;
    if (const auto done = enter(live, *approval, State::pending, {}); !done) return;
    live->throttled = false;
    ++share.shown;
    audit::Event event{"approval.requested", approval->principal, "", "pending", approval->run, {}};
    event.data["approval"] = approval->id;
    event.data["digest"] = approval->digest;
    event.data["severity"] = approval->severity;
    event.data["rule"] = approval->verdict.rule;
    event.data["expires"] = approval->expires;
    asio::co_spawn(
        parts_.executor,
        [this, event = std::move(event)]() mutable -> awaitable<void> {
            const auto written = co_await parts_.audit.append(std::move(event));
            if (!written) log::error(to_line(written.error()));
        },
        asio::detached);
}

} // namespace owhale::approvals
