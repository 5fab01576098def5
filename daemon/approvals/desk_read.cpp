// What is told of requests.
#include <algorithm>
#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <limits>

#include "approvals/desk.hpp"
#include "base/clock.hpp"
#include "base/uuid.hpp"
#include "redact/redactor.hpp"

namespace owhale::approvals {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using identity::Permission;
using identity::Principal;

// Secrets do not leave with what is shown. Where there is one, the digest is that of the plan as it is, not as it is shown.
void mask(api::Frozen& frozen) {
    if (frozen.argv) redact::redact_arguments(*frozen.argv);
    if (frozen.args) redact::redact_arguments(*frozen.args);
    for (auto* text : {&frozen.script, &frozen.code})
        if (*text) **text = redact::redacted(**text);
}

// A client stays for each of them.
bool is_waited(const std::map<std::string, bool>& runs) {
    return !runs.empty() && std::ranges::all_of(runs, [](const auto& run) { return run.second; });
}

// Its id says when it was made (RFC 9562, UUIDv7), in microseconds.
std::optional<std::int64_t> made_us(const std::string& id) {
    const auto uuid = parse_uuid(id);
    if (!uuid) return std::nullopt;
    std::int64_t ms = 0;
    for (std::size_t i = 0; i < 6; ++i) ms = ms << 8 | (*uuid)[i];
    return ms * 1000;
}

struct Age {
    std::int64_t below_us;
    std::string_view name;
};
constexpr std::array kAges = {Age{60'000'000, "under_1m"}, Age{600'000'000, "1m_to_10m"},
                              Age{3'600'000'000, "10m_to_1h"},
                              Age{std::numeric_limits<std::int64_t>::max(), "over_1h"}};

} // namespace

Result<api::Approval> Desk::show(const Principal& who, const std::string& id) {
    auto approval = TRY(found(id));
    if (!may_see(who, approval.principal))
        return fail(Code::not_found, "there is no such request",
                    "`owhalectl approvals ls` lists those that you may see");
    CHECK(rows_.add_detail(approval));
    if (approval.frozen) mask(*approval.frozen);
    const auto live = live_.find(id);
    if (live != live_.end()) approval.waits = is_waited(live->second->runs);
    if (approval.state != "pending") return approval;
    const auto ruling = ruling_on(who, who.uid, question_of(approval, live == live_.end() ? "" : live->second->payer));
    approval.may_decide = ruling.may;
    if (!ruling.may) approval.why_not = ruling.why_not;
    return approval;
}

Result<api::ApprovalList> Desk::list(const Principal& who, const Wanted& wanted) {
    if (!wanted.state.empty() && !state_of(wanted.state))
        return fail(Code::invalid_value, "state: there is no such state",
                    "one of pending, approved, used, void, denied, expired, cancelled");
    const bool everyone = who.may(Permission::approvals_read, false);
    Rows::Filter filter{everyone ? "" : who.person(), wanted.state, wanted.before, wanted.all, wanted.limit};
    if (filter.state.empty() && !wanted.all) filter.state = name(State::pending);
    api::ApprovalList out;
    out.approvals = TRY(rows_.list(filter));
    for (auto& approval : out.approvals) {
        const auto live = live_.find(approval.id);
        if (live != live_.end()) approval.waits = is_waited(live->second->runs);
        if (approval.state != "pending") continue;
        const auto payer = live == live_.end() ? std::string() : live->second->payer;
        approval.may_decide = ruling_on(who, who.uid, question_of(approval, payer)).may;
    }
    if (out.approvals.size() == wanted.limit) out.next = out.approvals.back().id;
    out.pending = TRY(rows_.pending(filter.principal));
    return out;
}

awaitable<void> Desk::until_changed(const std::string& id, std::chrono::milliseconds most) {
    const auto at = live_.find(id);
    if (at == live_.end()) co_return;
    const auto live = at->second;
    const auto before = live->state;
    const auto until = monotonic_ns() + std::chrono::nanoseconds(most).count();
    boost::system::error_code ignored;
    while (live->state == before && !ended(live->state) && monotonic_ns() < until) {
        // A timer is one waiter's alone: the others' own times would end it.
        asio::steady_timer mine(parts_.executor, std::chrono::nanoseconds(until - monotonic_ns()));
        const auto hear = live->waiters.insert(live->waiters.end(), &mine);
        co_await mine.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        live->waiters.erase(hear);
    }
}

Result<std::string> Desk::run_to_claim(const Principal& who, const std::string& id) {
    const auto live = TRY(find_pending(who, id));
    if (live->question.principal != who.name)
        return fail(Code::forbidden, "only who asked can claim it", "it waits for " + live->question.principal);
    if (live->state != State::approved || live->runs.empty())
        return fail(Code::conflict, "nobody has approved it yet", "wait for the answer");
    return live->runs.begin()->first;
}

Result<Desk::Waiting> Desk::waiting(const std::string& run) {
    const auto at = by_run_.find(run);
    auto plea = TRY(rows_.plea(run));
    if (at == by_run_.end() || !plea) return fail(Code::not_found, "this run waits for nobody");
    auto approval = TRY(found(at->second->id));
    CHECK(rows_.add_detail(approval));
    if (!approval.frozen) return fail(Code::state_unavailable, "the plan of a request is gone");
    return Waiting{run,
                   approval.id,
                   approval.digest,
                   std::move(plea->request),
                   std::move(*approval.frozen),
                   approval.uid,
                   plea->waits,
                   at->second->state == State::approved};
}

// A request's id is a UUIDv7: it begins with the milliseconds of its making.
std::int64_t Desk::oldest_us() const {
    auto oldest = std::numeric_limits<std::int64_t>::max();
    for (const auto& [id, live] : live_)
        if (const auto since = made_us(id)) oldest = std::min(oldest, *since);
    return oldest;
}

void Desk::show(metrics::Exposition& out) const {
    const auto now = wall_clock_us();
    std::array<std::uint64_t, kAges.size()> by_age{};
    std::int64_t oldest = 0;
    for (const auto& [id, live] : live_) {
        if (live->state != State::pending) continue;
        const auto age = std::max<std::int64_t>(now - made_us(id).value_or(now), 0);
        oldest = std::max(oldest, age);
        ++by_age[static_cast<std::size_t>(std::ranges::upper_bound(kAges, age, {}, &Age::below_us) - kAges.begin())];
    }
    out.begin("owhaled_approvals");
    for (std::size_t i = 0; i < kAges.size(); ++i) out.add({kAges[i].name}, by_age[i]);
    out.begin("owhaled_approvals_oldest_seconds");
    out.add_seconds({}, oldest);
}

Result<std::vector<std::string>> Desk::all_waiting() {
    std::vector<std::string> out;
    for (const auto& [run, live] : by_run_) out.push_back(run);
    return out;
}

} // namespace owhale::approvals
