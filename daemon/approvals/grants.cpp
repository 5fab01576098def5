#include "approvals/grants.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/json/array.hpp>

#include "approvals/offer.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/uuid.hpp"
#include "redact/redactor.hpp"

namespace owhale::approvals {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using sandbox::Agreement;
using sandbox::Plea;

constexpr std::chrono::seconds kSweep{30};
constexpr std::int64_t kDay = 86'400ll * 1'000'000;

std::unexpected<Error> not_there() {
    return fail(Code::not_found, "there is no such grant", "`owhalectl grants ls` lists yours");
}

std::vector<std::string> masked(std::vector<std::string> words) {
    for (auto& word : words) word = redact::redacted(word);
    return words;
}

Status check_numbers(const api::GrantRequest& wanted) {
    if (!wanted.times && !wanted.for_ms && !wanted.like)
        return fail(Code::invalid_value, "a grant needs `times`, `for_ms` or `like`",
                    "leave `grant` out to agree this once");
    if (wanted.times && (*wanted.times == 0 || *wanted.times > kMostTimes))
        return fail(Code::invalid_value, "times must be 1 to 1,000");
    if (wanted.for_ms && (*wanted.for_ms == 0 || *wanted.for_ms > kLongestGrant))
        return fail(Code::invalid_value, "for_ms must be 1 ms to 30 days");
    return {};
}

Status check_template(const api::Frozen& frozen, const std::vector<std::string>& like) {
    const auto wanted = TRY(parse_template(like));
    if (!frozen.argv)
        return fail(Code::invalid_value, "like: a script has no arguments to vary", "grant it as it is: times, for_ms");
    if (wanted.has_path() && frozen.workspace.empty())
        return fail(Code::invalid_value, "like: <path> needs a workspace, and this command has none");
    if (!match(wanted, *frozen.argv, {frozen.cwd, frozen.workspace}))
        return fail(Code::invalid_value, "like: the template does not fit the command that is asked about",
                    "each of its words is that of the command, or a place that fits it");
    return {};
}

std::optional<std::int64_t> end_of(const api::GrantRequest& wanted, std::int64_t now) {
    if (wanted.for_ms) return now + static_cast<std::int64_t>(*wanted.for_ms) * 1000;
    if (wanted.like && !wanted.times) return now + static_cast<std::int64_t>(kTemplateTime) * 1000;
    return std::nullopt;
}

audit::Event event_of(audit::EventName name, const api::Grant& grant, const std::string& by, const std::string& outcome,
                      const std::string& run = {}) {
    audit::Event event{name, by, "", outcome, run, {}};
    event.data["grant"] = grant.id;
    event.data["requester"] = grant.principal;
    event.data["approval"] = grant.approval;
    return event;
}

// What somebody who reads the log has to know of it.
audit::Event creation_of(const api::Grant& grant, const std::string& run) {
    auto event = event_of("grant.created", grant, grant.by, "ok", run);
    event.data["command"] = boost::json::array(grant.command.begin(), grant.command.end());
    event.data["workspace"] = grant.workspace;
    event.data["profile"] = grant.profile;
    event.data["trust_workspace"] = grant.trust_workspace;
    if (grant.times) event.data["times"] = *grant.times;
    if (grant.expires) event.data["expires"] = *grant.expires;
    return event;
}

std::string spent(const api::Grant& grant) {
    return "its " + std::to_string(grant.times.value_or(0)) + " uses are used up";
}

} // namespace

std::int64_t Grants::now() {
    return latest_ = std::max(latest_, wall_clock_us());
}

awaitable<Status> Grants::note(audit::Event event) {
    const auto written = co_await parts_.audit.append(std::move(event));
    if (!written) co_return std::unexpected(written.error());
    co_return Status{};
}

// It ends although that cannot be written down: a grant too few is the safe side.
awaitable<void> Grants::end(const api::Grant& grant, Ending ending) {
    const auto done = rows_.end(grant.id, ending.state, ending.because, now());
    if (!done) log::error("a grant could not be ended", {{"grant", grant.id}, {"why", to_line(done.error())}});
    if (!done || !*done) co_return; // somebody else has
    auto event = event_of("grant.ended", grant, "system", ending.state);
    event.data["why"] = ending.because;
    const auto noted = co_await note(std::move(event));
    if (!noted) log::error("the end of a grant could not be written down", {{"grant", grant.id}});
}

// Whether no component of these is a link. Without somebody who can look, nothing is plain.
awaitable<bool> Grants::is_plain(const Plea& plea, std::vector<std::string> paths) {
    if (paths.empty()) co_return true;
    if (!plea.plain) co_return false;
    const auto plain = co_await plea.plain(std::move(paths));
    co_return plain.has_value() && *plain;
}

awaitable<Result<bool>> Grants::take_one(const GrantRows::Active& active, const Plea& plea) {
    const auto used = rows_.use(active.grant.id, now());
    if (!used || !*used) co_return used;
    auto event = event_of("grant.used", active.grant, plea.principal, "ok", plea.run);
    const auto noted = co_await note(std::move(event));
    if (!noted) {
        if (const auto back = rows_.give_back(active.grant.id); !back) log::error(to_line(back.error()));
        co_return std::unexpected(noted.error());
    }
    const auto after = rows_.find(active.grant.id);
    Ending ending{"used", spent(active.grant)};
    if (after && *after && (*after)->times && (*after)->used >= *(*after)->times)
        co_await end(active.grant, std::move(ending));
    co_return true;
}

awaitable<Result<std::optional<Agreement>>> Grants::take(const Plea& plea) {
    std::optional<Agreement> none;
    const auto& frozen = plea.frozen;
    auto candidates = rows_.active(plea.principal, frozen.workspace, frozen.profile, now(), kMostGrants);
    if (!candidates) co_return std::unexpected(candidates.error());
    if (candidates->empty()) co_return none;
    const auto reading = read(frozen, plea.verdict); // refuses a deny, and what is critical
    if (reading.refused) co_return none;
    for (const auto& active : *candidates) {
        if (!reading.workspace_code.empty() && !active.grant.trust_workspace) continue;
        auto found = fit(active.bound, frozen, plea.verdict, reading.shape);
        Ending ending{"void", found.because};
        if (found.how == Fit::How::void_) co_await end(active.grant, std::move(ending));
        if (found.how != Fit::How::covers) continue;
        const bool plain = co_await is_plain(plea, std::move(found.paths));
        if (!plain) continue;
        const auto used = co_await take_one(active, plea);
        if (!used) co_return std::unexpected(used.error());
        if (!*used) continue;
        Agreement agreed;
        agreed.approval = active.grant.approval;
        agreed.grant = active.grant.id;
        agreed.by.push_back(active.grant.by);
        co_return agreed;
    }
    co_return none;
}

api::GrantOffer Grants::offer(const Plea& plea) {
    return approvals::offer(plea.frozen, plea.verdict);
}

Status Grants::check(const api::Approval& approval, const api::GrantRequest& wanted) {
    if (!approval.frozen) return fail(Code::state_unavailable, "the request's plan is not there any more");
    CHECK(check_numbers(wanted));
    const auto reading = read(*approval.frozen, approval.verdict);
    if (reading.refused)
        return fail(Code::forbidden, "this is agreed to once only: " + *reading.refused, "approve it without a grant");
    if (!reading.workspace_code.empty() && !wanted.trust_workspace.value_or(false))
        return fail(Code::forbidden,
                    "this is agreed to once only: " + reading.workspace_code + ", and nothing binds what that is",
                    "approve it once, or add trust_workspace (--trust-workspace)");
    if (wanted.like) CHECK(check_template(*approval.frozen, *wanted.like));
    if (TRY(rows_.count_active(approval.principal)) >= kMostGrants)
        return fail(Code::conflict, approval.principal + " has 500 standing grants already",
                    "`owhalectl grants rm` ends some");
    return {};
}

api::Grant Grants::grant_of(const api::Approval& approval, const api::GrantRequest& wanted, const std::string& by) {
    const auto& frozen = *approval.frozen;
    api::Grant grant;
    grant.id = to_string(make_uuid());
    grant.principal = approval.principal;
    grant.workspace = frozen.workspace;
    grant.profile = frozen.profile;
    grant.state = "active";
    grant.command = wanted.like ? masked(*wanted.like) : approval.command;
    if (wanted.like) grant.template_ = grant.command;
    if (frozen.script) grant.script = redact::redacted(*frozen.script);
    grant.binds = frozen.files;
    grant.trust_workspace = wanted.trust_workspace.value_or(false);
    grant.times = wanted.times;
    grant.by = by;
    grant.approval = approval.id;
    grant.cwd = frozen.cwd;
    grant.net = frozen.net;
    grant.rule = approval.verdict.rule;
    grant.severity = approval.verdict.severity.value_or("");
    return grant;
}

awaitable<Result<std::string>> Grants::make(const api::Approval& approval, const api::GrantRequest& wanted,
                                            const std::string& by) {
    CO_CHECK(check(approval, wanted));
    auto grant = grant_of(approval, wanted, by);
    const auto created = now();
    const auto expires = end_of(wanted, created);
    grant.created = rfc3339(created);
    if (expires) grant.expires = rfc3339(*expires);
    auto bound = bind(*approval.frozen, approval.verdict);
    if (wanted.like) {
        bound.template_ = wanted.like;
        bound.argv.reset();
        bound.shape = read(*approval.frozen, approval.verdict).shape;
    }
    auto event = creation_of(grant, approval.run);
    const auto noted = co_await note(std::move(event));
    if (!noted) co_return std::unexpected(noted.error());
    CO_CHECK(rows_.insert(grant, bound, created, expires));
    co_return grant.id;
}

Result<api::GrantList> Grants::list(const identity::Principal& who, const Wanted& wanted) {
    const auto whose = who.may(identity::Permission::grants, false) ? std::string() : who.person();
    return api::GrantList{TRY(rows_.list(whose, wanted.all, wanted.before, wanted.limit))};
}

Result<api::Grant> Grants::show(const identity::Principal& who, const std::string& id) {
    auto grant = TRY(rows_.find(id));
    if (!grant || !who.may(identity::Permission::grants, grant->principal == who.person())) return not_there();
    return std::move(*grant);
}

awaitable<Status> Grants::revoke(identity::Principal who, std::string id, std::function<Status()> standing) {
    auto grant = show(who, id);
    if (!grant) co_return std::unexpected(grant.error());
    const auto over = fail(Code::conflict, "the grant has ended", "`owhalectl grants show` says how");
    if (grant->state != "active") co_return over;
    if (standing) CO_CHECK(standing());
    auto event = event_of("grant.ended", *grant, who.name, "revoked");
    const auto noted = co_await note(std::move(event));
    if (!noted) co_return std::unexpected(noted.error());
    const auto done = rows_.end(id, "revoked", who.name + " revoked it", now());
    if (!done) co_return std::unexpected(done.error());
    if (!*done) co_return over;
    co_return Status{};
}

awaitable<void> Grants::sweep() {
    const auto ids = rows_.overdue(now());
    for (const auto& id : ids.value_or(std::vector<std::string>{})) {
        auto grant = rows_.find(id);
        Ending ending{"expired", "its time was over"};
        if (grant && *grant) co_await end(**grant, std::move(ending));
    }
    const auto old = now() - static_cast<std::int64_t>(parts_.settings.keep_days) * kDay;
    if (const auto done = rows_.remove_ended_before(old); !done) log::error(to_line(done.error()));
}

void Grants::start() {
    wait();
}

void Grants::stop() {
    *alive_ = false;
    timer_.cancel();
}

void Grants::wait() {
    timer_.expires_after(kSweep);
    timer_.async_wait([this, alive = alive_](boost::system::error_code error) {
        if (error || !*alive) return;
        asio::co_spawn(parts_.executor, sweep(), [this, alive](std::exception_ptr) {
            if (*alive) wait();
        });
    });
}

} // namespace owhale::approvals
