#include "approvals/desk.hpp"

#include <algorithm>
#include <utility>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/uuid.hpp"
#include "metrics/counts.hpp"

namespace owhale::approvals {
namespace {

using boost::asio::awaitable;
using sandbox::Plea;

constexpr std::int64_t kThousand = 1000;

audit::Event event_of(audit::EventName name, const api::Approval& approval, std::string outcome,
                      const std::string& run) {
    audit::Event event{name, approval.principal, "", std::move(outcome), run_of_key(run), {}};
    if (approval.kind != "run") event.data["kind"] = approval.kind;
    event.data["approval"] = approval.id;
    event.data["digest"] = approval.digest;
    event.data["severity"] = approval.severity;
    event.data["rule"] = approval.verdict.rule;
    return event;
}

} // namespace

std::string run_of_key(const std::string& key) {
    if (!key.starts_with(kHostKey)) return key;
    const auto begin = kHostKey.size();
    return key.substr(begin, key.find(':', begin) - begin);
}

Desk::Desk(Parts parts) : parts_(std::move(parts)), rows_(parts_.database), timer_(parts_.executor) {
    // Both were checked as the settings were read.
    const auto quorums = config::parse_quorum(parts_.settings.quorum);
    const auto otherwise = parts_.settings.rules->approval_expiry;
    const auto expiries = config::parse_expiry(parts_.settings.approval_expiry, otherwise);
    quorums_.fill(2); // what cannot be read asks for more
    expiries_.fill(otherwise);
    if (quorums) quorums_ = *quorums;
    if (expiries) expiries_ = *expiries;
}

House Desk::house() const {
    return {parts_.settings.rules->own_human_decides, parts_.settings.approver_severity};
}

void Desk::count(const std::string& principal, Asked what) {
    if (parts_.tally != nullptr) parts_.tally->count(principal, what);
}

Question Desk::question_of(const api::Approval& approval, const std::string& payer) {
    return {approval.principal, payer, approval.uid, approval.severity, approval.quorum};
}

awaitable<Result<std::optional<sandbox::Agreement>>> Desk::granted(const Plea& plea) {
    if (parts_.standing == nullptr) co_return std::optional<sandbox::Agreement>();
    auto taken = co_await parts_.standing->take(plea);
    if (taken && *taken) count(plea.principal, Asked::granted);
    co_return taken;
}

Status Desk::check_plea(const Plea& plea) const {
    for (const auto& file : plea.frozen.files)
        if (file.digest.empty())
            return fail(Code::approval_required,
                        "nobody can agree to this: " + file.path + " (" + file.role + ") could not be read",
                        "make it a regular file of at most 256 MiB that you can read");
    if (plea.description && plea.description->size() > kMostText)
        return fail(Code::invalid_value, "description is longer than 4 KiB", "say less");
    return {};
}

Status Desk::check_room(const Plea& plea) {
    const auto found = shares_.find(plea.payer);
    if (found == shares_.end()) return {};
    if (found->second.pending >= kMostPending)
        return fail(Code::busy, "1,000 questions of yours wait for an answer already",
                    "`owhalectl approvals ls -a` lists them; take some back with `owhalectl approvals cancel ID`");
    if (found->second.bytes + plea.request.size() > kMostBytes)
        return fail(Code::busy, "your questions that wait hold 64 MiB already",
                    "pass data in files, or take some back with `owhalectl approvals cancel ID`");
    return {};
}

void Desk::take_in(const Shared& live) {
    live_[live->id] = live;
    for (const auto& [run, waits] : live->runs) by_run_[run] = live;
    if (live->state != State::pending) return;
    same_[{live->question.principal, live->digest}] = live;
    live->counted = true;
    auto& share = shares_[live->payer];
    ++share.pending;
    share.bytes += live->bytes;
    if (!live->throttled) ++share.shown;
}

// What it held of its payer's share goes with its being pending.
void Desk::forget(const Shared& live) {
    if (live->state != State::approved) live_.erase(live->id);
    const auto same = same_.find({live->question.principal, live->digest});
    if (same != same_.end() && same->second == live) same_.erase(same);
    if (!std::exchange(live->counted, false)) return;
    auto& share = shares_[live->payer];
    share.bytes -= live->bytes;
    if (!live->throttled) --share.shown;
    if (--share.pending == 0)
        shares_.erase(live->payer);
    else
        announce_throttled(live->payer);
}

Desk::Shared Desk::make_live(const Plea& plea) {
    auto live = std::make_shared<Live>(parts_.executor);
    live->id = to_string(make_uuid());
    live->payer = plea.payer;
    live->digest = plea.digest;
    const auto severity = plea.verdict.severity.value_or("critical");
    const auto rank = config::severity_rank(severity);
    live->question = {plea.principal, plea.payer, plea.uid, severity, quorums_[rank]};
    const auto time = std::chrono::microseconds(expiries_[rank]).count();
    live->expires = wall_clock_us() + time;
    live->deadline_ns = monotonic_ns() + time * kThousand;
    live->runs[plea.run] = plea.waits;
    live->bytes = plea.request.size();
    const auto share = shares_.find(plea.payer);
    const bool burst = share != shares_.end() && share->second.shown >= parts_.settings.approval_burst;
    live->throttled = burst || (parts_.tally != nullptr && parts_.tally->over_budget(plea.principal));
    return live;
}

api::Approval Desk::make_approval(const Live& live, const Plea& plea) {
    api::Approval out;
    out.id = live.id;
    out.kind = plea.kind;
    out.state = name(State::pending);
    out.run = run_of_key(plea.run);
    out.principal = plea.principal;
    out.parent = plea.parent;
    out.uid = plea.uid;
    out.created = rfc3339(wall_clock_us());
    out.expires = rfc3339(live.expires);
    out.severity = live.question.severity;
    out.digest = plea.digest;
    out.frozen = plea.frozen;
    out.environment = plea.environment;
    out.command = plea.command;
    out.cwd = plea.cwd;
    out.verdict = plea.verdict;
    out.description = plea.description;
    out.quorum = live.question.quorum;
    if (!plea.notes.empty()) out.notes = plea.notes;
    if (plea.kind == "host")
        out.offer.emplace(); // for a time: Desk::check_grant
    else if (parts_.standing != nullptr)
        out.offer = parts_.standing->offer(plea);
    out.waits = plea.waits;
    out.throttled = live.throttled;
    return out;
}

awaitable<Result<std::string>> Desk::ask(Plea plea) {
    CO_CHECK(check_plea(plea));
    CO_CHECK(check_room(plea));
    const auto same = same_.find({plea.principal, plea.digest});
    if (same != same_.end() && same->second->state == State::pending && !same->second->end && !is_due(*same->second)) {
        const auto live = same->second;
        auto joined = co_await join(live, plea);
        // The other one was answered while this one was on its way: it is a question of its own then.
        if (joined || joined.error().code != Code::conflict) co_return joined;
        CO_CHECK(check_room(plea));
    }
    co_return co_await ask_anew(std::move(plea));
}

awaitable<Result<std::string>> Desk::ask_anew(Plea plea) {
    const auto live = make_live(plea);
    const auto approval = make_approval(*live, plea);
    const auto turn = co_await live->turn.take(); // nobody's yet
    take_in(live);
    auto event = event_of("approval.requested", approval, live->throttled ? "throttled" : "pending", plea.run);
    event.data["expires"] = approval.expires;
    event.data["reason"] = approval.verdict.reason;
    const auto written = co_await parts_.audit.append(std::move(event));
    auto done = written ? Status{} : std::unexpected(written.error());
    if (done) done = rows_.insert(approval, live->payer, live->expires, {plea.run, live->id, plea.waits, plea.request});
    count(plea.principal, live->throttled ? Asked::throttled : Asked::asked);
    if (done) {
        metrics::counts().approvals_asked.add();
        co_return live->id;
    }
    live->state = State::cancelled; // whoever would join it asks anew
    by_run_.erase(plea.run);
    forget(live);
    co_return std::unexpected(done.error());
}

awaitable<Result<std::string>> Desk::join(Shared live, Plea plea) {
    const auto turn = co_await live->turn.take();
    if (!turn) co_return std::unexpected(turn.error());
    auto gone = fail(Code::conflict, "the same question has been answered meanwhile");
    if (live->state != State::pending || live->end || is_due(*live)) co_return gone;
    auto approval = found(live->id);
    if (!approval) co_return std::unexpected(approval.error());
    approval->joined.push_back(plea.run);
    approval->waits = approval->waits && plea.waits;
    auto event = event_of("approval.requested", *approval, "joined", plea.run);
    const auto written = co_await parts_.audit.append(std::move(event));
    if (!written) co_return std::unexpected(written.error());
    CO_CHECK(rows_.join(*approval, {plea.run, live->id, plea.waits, plea.request}));
    live->runs[plea.run] = plea.waits;
    by_run_[plea.run] = live;
    live->bytes += plea.request.size();
    shares_[live->payer].bytes += plea.request.size();
    count(plea.principal, Asked::joined);
    co_return live->id;
}

// --- from the last time ---

Desk::Shared Desk::restore(const Rows::Live& row) {
    auto live = std::make_shared<Live>(parts_.executor);
    live->id = row.approval.id;
    live->payer = row.payer;
    live->digest = row.approval.digest;
    live->state = state_of(row.approval.state).value_or(State::cancelled);
    live->question = question_of(row.approval, row.payer);
    live->expires = row.expires;
    live->deadline_ns = monotonic_ns() + std::max<std::int64_t>(row.expires - wall_clock_us(), 0) * kThousand;
    for (const auto& plea : row.pleas) live->runs[plea.run] = plea.waits;
    live->bytes = row.bytes;
    live->throttled = row.approval.throttled;
    return live;
}

// Whether the log knows that it was about to start: power was lost before its row was on disk.
awaitable<bool> Desk::has_begun(const std::string& run) {
    const auto begun = co_await parts_.audit.has_intent(run);
    co_return begun.value_or(true);
}

awaitable<Status> Desk::load() {
    auto rows = rows_.live();
    if (!rows) co_return std::unexpected(rows.error());
    for (const auto& row : *rows) {
        const auto live = restore(row);
        take_in(live);
        if (live->state != State::approved) continue;
        std::vector<std::string> begun;
        for (const auto& [run, waits] : live->runs) {
            const bool has = co_await has_begun(run);
            if (has) begun.push_back(run);
        }
        auto approval = row.approval;
        approval.claimable = true;
        for (const auto& run : begun) live->runs.erase(run);
        live->used = !begun.empty();
        CO_CHECK(enter(live, approval, live->runs.empty() ? State::used : State::approved, std::move(begun)));
    }
    co_return Status{};
}

} // namespace owhale::approvals
