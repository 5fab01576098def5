// What people say to a question.
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "approvals/desk.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "identity/base64url.hpp"
#include "redact/redactor.hpp"
#include "shared/pairing/http_signature.hpp"

namespace owhale::approvals {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

constexpr const char* kApprove = "approve";
constexpr const char* kDeny = "deny";

std::unexpected<Error> not_found() {
    return fail(Code::not_found, "there is no such request", "`owhalectl approvals ls` lists those that you may see");
}

std::unexpected<Error> has_ended(const api::Approval& approval) {
    return fail(approval.state == "expired" ? Code::approval_expired : Code::approval_ended,
                "the request is " + approval.state + " already" +
                    (approval.ended_because ? ": " + *approval.ended_because : std::string()),
                "`owhalectl approvals show " + approval.id + "` says how it ended");
}

// What others could not prove later is not taken: a body that is too long to be kept, or that the log would mask, or a path that
// is spelt otherwise.
Status check_signature(const identity::Signed& proof, const Desk::Act& act) {
    const std::string begin = "\n\"@path\": /v1/approvals/";
    const bool plain = proof.base.contains(begin + act.id + (act.approve ? "/approve\n" : "/deny\n")) ||
                       proof.base.contains(begin + "decide\n");
    if (!plain)
        return fail(Code::bad_request, "the path that the device signed is not spelt as the log could prove it",
                    "sign /v1/approvals/ID/approve or /deny with the id as it is shown, or /v1/approvals/decide");
    if (pairing::digest_of(proof.body) == proof.digest && redact::redacted(proof.body) == proof.body) return {};
    return fail(
        Code::invalid_value,
        "the log could not keep what the device signed: it is longer than 8 KiB, or the reason holds what looks "
        "like a secret",
        "answer at most 60 requests at once, without a secret in the reason");
}

// What a device said, so that others can prove it.
void put_signature(boost::json::object& data, const identity::Signed& proof) {
    data["key"] = identity::to_base64url(proof.key);
    data["signed"] = proof.base;
    data["signature"] = identity::to_base64url(proof.signature);
    if (!proof.body.empty()) data["body"] = proof.body;
}

// "window", "password": what stands in the log about the act itself stays there.
std::string proof_word(const std::string& proof) {
    const auto word = proof.substr(0, proof.find(' '));
    return word == "signature" ? "device" : word;
}

std::optional<std::string> device_name_of(const identity::Principal& who) {
    if (who.kind != identity::Kind::device) return std::nullopt;
    return who.device;
}

Status check_reason(const std::optional<std::string>& reason) {
    if (!reason || reason->size() <= kMostText) return {};
    return fail(Code::invalid_value, "reason is longer than 4 KiB", "say less");
}

} // namespace

bool Desk::may_see(const identity::Principal& who, const std::string& principal) const {
    const bool own = who.person() == principal;
    // A run reads no requests, but has to be able to take its own back.
    return (own && who.kind == identity::Kind::run) || who.may(identity::Permission::approvals_read, own);
}

Result<api::Approval> Desk::found(const std::string& id) {
    auto row = TRY(rows_.find(id));
    if (!row) return not_found();
    return std::move(*row);
}

Result<Desk::Shared> Desk::find_pending(const identity::Principal& who, const std::string& id) {
    const auto at = live_.find(id);
    if (at != live_.end() && may_see(who, at->second->question.principal)) return at->second;
    const auto row = TRY(found(id));
    if (!may_see(who, row.principal)) return not_found();
    return has_ended(row);
}

// A host is let through for a time, by a line of the book of hosts; a command by a grant.
Status Desk::check_grant(const api::Approval& approval, const api::GrantRequest& wanted) const {
    if (approval.kind == "host") {
        if (!parts_.allow_host) return fail(Code::unsupported, "there is no book of hosts here");
        if (!wanted.for_ms || wanted.times || wanted.like)
            return fail(Code::invalid_value, "a host is agreed to for this run, or for a time",
                        "approve it without more, or with --for T");
        return {};
    }
    if (parts_.standing == nullptr) return fail(Code::unsupported, "there are no standing grants here");
    return parts_.standing->check(approval, wanted);
}

Status Desk::check_act(const Act& act, const Live& live, const api::Approval& approval, Ruling& ruling) {
    if (live.state != State::pending) return has_ended(approval);
    if (live.end || is_due(live))
        return fail(live.end.value_or(State::expired) == State::expired ? Code::approval_expired : Code::approval_ended,
                    "nobody answered it in time, or it was taken back", "its requester can ask again");
    const auto& who = act.asker.who;
    ruling = ruling_on(who, act.asker.peer.uid, live.question);
    if (!ruling.may) return fail(Code::forbidden, "you may not decide this: " + ruling.why_not);
    if (who.signature) CHECK(check_signature(*who.signature, act));
    if (act.approve && !act.digest)
        return fail(Code::bad_request, "say which digest you looked at", "send `digest` as the request shows it");
    if (act.digest && *act.digest != live.digest)
        return fail(Code::digest_mismatch, "this is not the request that you looked at: its digest is " + live.digest,
                    "look at it again: `owhalectl approvals show " + live.id + "`");
    if (std::ranges::any_of(approval.decisions, [&](const auto& one) { return person_of(one.by) == who.person(); }))
        return fail(Code::conflict, "you have agreed to it before; it takes other people now");
    if (act.grant) CHECK(check_grant(approval, *act.grant));
    return act.standing ? act.standing() : Status{};
}

// A copy of a device's key speaks from wherever it was carried, so where the device joined has to be free to decide, too.
Ruling Desk::ruling_on(identity::Principal who, uid_t speaks, const Question& question) const {
    who.uid = speaks;
    auto here = rule(who, question, house());
    if (who.kind != identity::Kind::device || !here.may || !parts_.person) return here;
    const auto paired = parts_.person(who.name);
    if (!paired) return {false, false, "the device is not paired here any more"};
    who.uid = paired->uid;
    auto there = rule(who, question, house());
    there.counts = there.counts && here.counts;
    return there;
}

// Who decided, whichever device of theirs it was: two devices are no two people.
std::string Desk::person_of(const std::string& by) const {
    const auto who = parts_.person ? parts_.person(by) : std::nullopt;
    return who ? who->person() : by;
}

// Whoever was removed since, or may not decide it any more, has not agreed to what starts now.
bool Desk::stands(const api::Decision& decision, const Live& live) const {
    if (!parts_.person) return true;
    const auto who = parts_.person(decision.by);
    return who && rule(*who, live.question, house()).may;
}

// Its state with the decisions as they are.
State Desk::after(const api::Approval& approval, const Live& live) const {
    if (std::ranges::any_of(approval.decisions, [](const auto& one) { return one.decision == kDeny; }))
        return State::denied;
    return is_enough(approval, live) ? State::approved : State::pending;
}

bool Desk::is_enough(const api::Approval& approval, const Live& live) const {
    const auto agreed = std::ranges::count_if(approval.decisions,
                                              [](const auto& one) { return one.decision == kApprove && one.counts; });
    return static_cast<std::uint32_t>(agreed) >= live.question.quorum;
}

void Desk::recount(api::Approval& approval, const Live& live) const {
    for (auto& one : approval.decisions) one.counts = one.counts && stands(one, live);
}

awaitable<Status> Desk::note_decision(const Act& act, const api::Approval& approval, const api::Decision& decision) {
    audit::Event event{"approval.decided", act.asker.who.name, act.asker.verb, approval.state, approval.run, {}};
    event.data["approval"] = approval.id;
    event.data["requester"] = approval.principal;
    event.data["decision"] = decision.decision;
    event.data["digest"] = approval.digest;
    event.data["severity"] = approval.severity;
    event.data["rule"] = approval.verdict.rule;
    event.data["proof"] = act.asker.proof;
    event.data["peer"] = act.asker.peer.describe();
    event.data["counts"] = decision.counts;
    if (decision.reason) event.data["reason"] = *decision.reason;
    if (act.asker.who.signature) put_signature(event.data, *act.asker.who.signature);
    const auto written = co_await parts_.audit.append(std::move(event));
    if (!written) co_return std::unexpected(written.error());
    co_return Status{};
}

awaitable<Result<api::Approval>> Desk::decide(Act act) {
    CO_CHECK(check_reason(act.reason));
    auto pending = find_pending(act.asker.who, act.id);
    if (!pending) co_return std::unexpected(pending.error());
    const auto live = *pending;
    const auto turn = co_await live->turn.take();
    if (!turn) co_return std::unexpected(turn.error());
    auto approval = found(live->id);
    if (!approval) co_return std::unexpected(approval.error());
    if (act.reason) act.reason = redact::redacted(*act.reason);
    if (act.grant) CO_CHECK(rows_.add_detail(*approval));
    Ruling ruling;
    CO_CHECK(check_act(act, *live, *approval, ruling));
    co_return co_await put_down(live, std::move(act), std::move(*approval), ruling.counts);
}

// What was agreed to once stands whatever comes of the grant; one that cannot be stored is none.
awaitable<void> Desk::add_grant(Shared live, api::Approval& approval, const api::GrantRequest& wanted,
                                const std::string& by) {
    auto made = Result<std::string>(std::string());
    if (approval.kind == "host")
        made = co_await parts_.allow_host(approval, *wanted.for_ms, by);
    else
        made = co_await parts_.standing->make(approval, wanted, by);
    Status done = made ? Status{} : std::unexpected(made.error());
    if (made) {
        approval.grant = *made;
        done = enter(live, approval, State::approved, {});
    }
    if (!done) log::error("a grant could not be made", {{"approval", live->id}, {"why", to_line(done.error())}});
}

// Its turn is held.
awaitable<Result<api::Approval>> Desk::put_down(Shared live, Act act, api::Approval approval, bool counts) {
    const auto now = wall_clock_us();
    const api::Decision decision{act.asker.who.name,
                                 act.approve ? kApprove : kDeny,
                                 rfc3339(now),
                                 act.reason,
                                 proof_word(act.asker.proof),
                                 counts,
                                 device_name_of(act.asker.who)};
    recount(approval, *live);
    approval.decisions.push_back(decision);
    const auto state = after(approval, *live);
    approval.state = name(state);
    const auto noted = co_await note_decision(act, approval, decision);
    if (!noted) co_return std::unexpected(noted.error());
    if (state != State::pending) approval.decided = decision.at;
    if (state == State::denied) approval.ended_because = act.reason ? *act.reason : decision.by + " refused it";
    if (state == State::approved) {
        // From now on there is as long to start it as there was to answer.
        const auto time = std::chrono::microseconds(expiries_[config::severity_rank(approval.severity)]).count();
        live->expires = now + time;
        live->deadline_ns = monotonic_ns() + time * 1000;
        approval.expires = rfc3339(live->expires);
    }
    const auto runs = live->runs;
    std::vector<std::string> gone;
    if (state == State::denied)
        for (const auto& [run, waits] : runs) gone.push_back(run);
    CO_CHECK(enter(live, approval, state, std::move(gone), &decision));
    if (state == State::pending) co_return show(act.asker.who, live->id);
    if (state == State::approved && act.grant) co_await add_grant(live, approval, *act.grant, decision.by);
    count(approval.principal, state == State::approved ? Asked::approved : Asked::denied);
    const auto word = state == State::approved ? sandbox::Answer::Word::approved : sandbox::Answer::Word::denied;
    for (const auto& [run, waits] : runs) answer(run, word, approval.ended_because.value_or(""));
    co_return show(act.asker.who, live->id);
}

awaitable<Result<api::DecidedList>> Desk::decide_all(identity::Asker asker, api::DecideRequest request,
                                                     std::function<Status()> standing) {
    const bool approve = request.decision == kApprove;
    if (!approve && request.decision != kDeny) co_return fail(Code::invalid_value, "decision must be approve or deny");
    if (request.items.empty() || request.items.size() > kMostAtOnce)
        co_return fail(Code::invalid_value, "items must be 1 to 1,000 requests");
    CO_CHECK(check_reason(request.reason));
    struct All {
        explicit All(const asio::any_io_executor& io) : done(io, asio::steady_timer::time_point::max()) {}
        api::DecidedList out;
        std::size_t left = 0;
        asio::steady_timer done;
    };
    const auto all = std::make_shared<All>(parts_.executor);
    all->left = request.items.size();
    all->out.decided.resize(all->left);
    for (std::size_t i = 0; i < request.items.size(); ++i) {
        const auto& item = request.items[i];
        all->out.decided[i].id = item.id;
        Act act{asker, item.id, approve, item.digest, request.reason, {}, standing};
        const auto finish = [all, i](std::exception_ptr thrown, Result<api::Approval> result) {
            auto& one = all->out.decided[i];
            if (thrown) result = fail(Code::internal, "it could not be decided");
            if (result) {
                one.state = result->state;
            } else {
                one.code = std::string(describe(result.error().code).name);
                one.error = result.error().message;
            }
            if (--all->left == 0) all->done.cancel();
        };
        asio::co_spawn(parts_.executor, decide(std::move(act)), finish);
    }
    boost::system::error_code ignored;
    while (all->left != 0) co_await all->done.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    for (auto& one : all->out.decided)
        if (one.state.empty())
            if (const auto now = show(asker.who, one.id)) one.state = now->state;
    co_return std::move(all->out);
}

} // namespace owhale::approvals
