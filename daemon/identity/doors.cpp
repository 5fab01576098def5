#include "identity/doors.hpp"

#include <sodium.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "base/uuid.hpp"
#include "identity/first_account.hpp"
#include "identity/passwords.hpp"

namespace owhale::identity {
namespace {

using boost::asio::awaitable;

constexpr std::uint64_t kMostLogins = 1000; // of one account, live
constexpr std::int64_t kSecond = 1'000'000;

Error wrong_credentials() {
    return {Code::credentials_wrong, "the name or the password is wrong", "try again: owhalectl login", 0, {}};
}

// Other peers' processes are told to those on this machine alone.
Error delayed(const Throttle::Delay& delay, const Peer& peer) {
    Error error{
        Code::rate_limited, "too many wrong passwords", "try again in " + std::to_string(delay.seconds) + " s", 0, {}};
    if (peer.kind == Peer::Kind::local && !delay.cause.empty()) error.message += "; the last came from " + delay.cause;
    error.retry_after = delay.seconds;
    return error;
}

bool same_text(std::string_view a, std::string_view b) {
    return a.size() == b.size() && ::sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

} // namespace

Result<Doors::Attempt> Doors::attempt(audit::EventName event, const Peer& peer, const std::string& name) {
    Attempt attempt{event, peer, name, 0, false, {}, nullptr, {}};
    if (const auto* user = core_.users.find(name)) {
        attempt.account = user->id;
        attempt.bootstrap = user->bootstrap;
        attempt.hash = TRY(core_.users.hash_of(user->id));
    }
    CHECK(choose_throttle(attempt));
    return attempt;
}

// The account's own delay is for strangers. Whoever has had its password before waits for his own mistakes alone, and
// so does step-up on the Unix socket: no stranger can hold up those who belong here. One delay for login, step-up and the
// change of the password, or each would be a guesser's next five. Root could read the database.
Status Doors::choose_throttle(Attempt& attempt) {
    if (attempt.peer.is_root()) return {};
    const bool login = attempt.event == "login";
    const bool on_socket = attempt.peer.kind == Peer::Kind::local;
    const auto origin = attempt.peer.origin();
    const bool own = (!login && on_socket) || (attempt.account != 0 && TRY(core_.users.knows(attempt.account, origin)));
    attempt.throttle = own ? &core_.peers : &core_.accounts;
    attempt.key = own ? attempt.name + " " + origin : attempt.name;
    return {};
}

// The account, unless it was removed or its password changed while this one was being checked.
bool Doors::is_as_it_was(const Attempt& attempt) {
    const auto* user = attempt.account != 0 ? core_.users.find(attempt.account) : nullptr;
    if (user == nullptr || user->bootstrap != attempt.bootstrap) return false;
    const auto hash = core_.users.hash_of(attempt.account);
    return hash && *hash == attempt.hash;
}

void Doors::fail_audited(const Attempt& attempt, const char* reason) {
    const auto event = attempt.event;
    core_.journal.failed(event, event == "step_up" ? "" : std::string(event.text()), attempt.peer, attempt.name,
                         reason);
}

awaitable<Status> Doors::try_password(Attempt attempt, const std::string& password, Gone gone) {
    CO_CHECK(check_tried_password(password));
    if (attempt.throttle != nullptr)
        if (const auto delay = attempt.throttle->begin(attempt.key)) {
            fail_audited(attempt, "delayed");
            co_return std::unexpected(delayed(*delay, attempt.peer));
        }
    std::string copy(password);
    Secret secret(copy);
    std::string hash = attempt.hash.empty() ? core_.hasher.argon2().nobodys() : attempt.hash;
    auto checked = co_await core_.hasher.check(std::move(hash), std::move(secret), std::move(gone));
    bool right = checked && *checked;
    if (attempt.bootstrap) right = checked && same_text(password, kFirstPassword);
    right = right && is_as_it_was(attempt);
    using Outcome = Throttle::Outcome;
    if (attempt.throttle != nullptr)
        attempt.throttle->ended(attempt.key,
                                !checked ? Outcome::untold
                                : right  ? Outcome::right
                                         : Outcome::wrong,
                                attempt.peer.origin(), attempt.peer.describe());
    if (!checked) co_return std::unexpected(checked.error());
    if (right) co_return Status{};
    fail_audited(attempt, "wrong name or password");
    co_return std::unexpected(wrong_credentials());
}

awaitable<Status> Doors::hash_anew(Attempt& attempt, const std::string& password) {
    if (attempt.hash.empty() || !core_.hasher.argon2().is_cheap(attempt.hash)) co_return Status{};
    std::string copy(password);
    Secret secret(copy);
    auto hash = co_await core_.hasher.make(std::move(secret));
    // A full queue is no reason against the login: the next one tries again.
    if (!hash || !is_as_it_was(attempt)) co_return Status{};
    CO_CHECK(core_.users.set_hash(attempt.account, *hash));
    attempt.hash = std::move(*hash);
    co_return Status{};
}

// admin/admin is known to everybody; so it is good only for who could have made it (a race that an agent could win
// otherwise), and never for a run.
Status Doors::check_first_login(const Peer& peer, const api::LoginRequest& request) const {
    const auto* user = core_.users.find(request.name);
    if (user == nullptr || !user->bootstrap) return {};
    const auto starter = core_.rootless() ? core_.parts.settings.uid : 0;
    if (peer.kind == Peer::Kind::local && (peer.uid == 0 || peer.uid == starter)) return {};
    const auto& code = core_.setup_code;
    if (peer.kind == Peer::Kind::tcp && peer.loopback && !code.empty() && request.code &&
        same_text(*request.code, code))
        return {};
    return fail(Code::forbidden,
                "the first login is not for everybody: this account still has the password it began with",
                "run `owhalectl setup` as " + std::string(core_.rootless() ? "the user who started owhaled" : "root") +
                    "; over loopback send as \"code\" what the file setup-code in the state folder holds");
}

awaitable<Result<api::Login>> Doors::login(Peer peer, api::LoginRequest request, Gone gone) {
    const WipeAtEnd wipe(request.password);
    if (peer.run != 0) {
        core_.journal.failed("login", "login", peer, request.name, "a run");
        co_return fail(Code::forbidden, "a run is who it is: it cannot log in", "log in outside of the cage");
    }
    constexpr std::size_t kLongestName = 64, kLongestCode = 128;
    if (request.name.size() > kLongestName || request.code.value_or("").size() > kLongestCode)
        co_return fail(Code::invalid_value, "the name or the code is too long");
    if (const auto first = check_first_login(peer, request); !first) {
        core_.journal.failed("login", "login", peer, request.name, "first login from elsewhere");
        co_return std::unexpected(first.error());
    }
    auto tried = attempt("login", peer, request.name);
    if (!tried) co_return std::unexpected(tried.error());
    const auto right = co_await try_password(*tried, request.password, std::move(gone));
    if (!right) co_return std::unexpected(right.error());
    const auto anew = co_await hash_anew(*tried, request.password);
    if (!anew) co_return std::unexpected(anew.error());
    co_return co_await open_session(std::move(peer), std::move(*tried));
}

Session Doors::new_session(const Peer& peer, const User& user) const {
    const auto now = wall_clock_us();
    Session session;
    session.jti = to_string(make_uuid());
    session.user = user.id;
    session.kid = core_.keys->current().id();
    session.peer = peer.describe();
    session.created = now / kSecond * kSecond; // a token's times are whole seconds
    session.expires = session.created + core_.parts.settings.session_ttl.count() * 1000;
    return session;
}

// The session that makes room for a new one: an account's oldest, when it has as many as it may.
Result<std::optional<std::string>> Doors::one_too_many(const User& user, std::int64_t now) {
    if (TRY(core_.sessions.count(user.id, SessionKind::login, now)) < kMostLogins) return std::nullopt;
    return core_.sessions.oldest_login(user.id, now);
}

awaitable<Result<api::Login>> Doors::open_session(Peer peer, Attempt attempt) {
    const auto turn = co_await core_.turn.take();
    if (!turn) co_return std::unexpected(turn.error());
    if (!is_as_it_was(attempt)) co_return std::unexpected(wrong_credentials());
    const auto user = *core_.users.find(attempt.account);
    if (user.disabled) {
        core_.journal.failed("login", "login", peer, user.name, "disabled");
        co_return fail(Code::forbidden, "the account " + user.name + " is disabled",
                       "an admin can enable it: owhalectl users enable " + user.name);
    }
    const auto session = new_session(peer, user);
    Asker asker{peer, {}, "login", {}};
    asker.who.name = Core::principal_of(user);
    boost::json::object data{{"account", user.name}, {"jti", session.jti}, {"expires", rfc3339(session.expires)}};
    const auto ended = one_too_many(user, session.created);
    if (!ended) co_return std::unexpected(ended.error());
    if (*ended) data["ended"] = **ended;
    constexpr audit::EventName event("login");
    CO_CHECK(co_await core_.journal.note(event, asker, std::move(data)));
    if (*ended) CO_CHECK(core_.sessions.revoke(**ended, session.created));
    CO_CHECK(core_.sessions.add(session));
    CO_CHECK(core_.users.note_login(user.id, session.created));
    CO_CHECK(core_.users.learn(user.id, peer.origin(), session.created));
    api::Login out;
    out.access_token = core_.token_of(session, user);
    out.token_type = "Bearer";
    out.expires_at = rfc3339(session.expires);
    out.principal = Core::principal_of(user);
    out.session = session.jti;
    out.roles = role_names(user.roles);
    out.must_change_password = user.must_change;
    co_return out;
}

awaitable<Status> Doors::logout(Asker asker) {
    if (asker.who.session.empty())
        co_return fail(Code::unauthenticated, asker.who.name + " shows no token: there is no session to end");
    constexpr audit::EventName event("logout");
    boost::json::object data;
    CO_CHECK(co_await core_.journal.note(event, asker, std::move(data)));
    const auto ended = core_.sessions.revoke(asker.who.session, wall_clock_us());
    if (!ended) co_return std::unexpected(ended.error());
    co_return Status{};
}

Status Doors::apply_change(const Asker& asker, const User& user, const std::string& hash, std::int64_t now) {
    CHECK(core_.users.set_password(user.id, hash, false, asker.who.name, now));
    TRY(core_.sessions.revoke_of(user.id, SessionKind::login, asker.who.session, now));
    if (!user.bootstrap) return {};
    forget_setup_code(core_);
    return core_.facts.tell_first_password({asker.who.name, rfc3339(now), asker.peer.describe()});
}

awaitable<Status> Doors::change_password(Asker asker, api::PasswordRequest request, Gone gone) {
    const WipeAtEnd wipe_old(request.old_password), wipe_new(request.new_password);
    const auto user = core_.account_of(asker.who);
    if (!user) co_return std::unexpected(user.error());
    CO_CHECK(check_tried_password(request.old_password));
    CO_CHECK(check_new_password(request.new_password, user->name));
    if (same_text(request.old_password, request.new_password))
        co_return fail(Code::password_weak, "the new password is the old one", "choose another");
    auto tried = attempt("password.change", asker.peer, user->name);
    if (!tried) co_return std::unexpected(tried.error());
    const auto right = co_await try_password(*tried, request.old_password, gone);
    if (!right) co_return std::unexpected(right.error());
    std::string copy(request.new_password);
    Secret secret(copy);
    const auto hash = co_await core_.hasher.make(std::move(secret), std::move(gone));
    if (!hash) co_return std::unexpected(hash.error());
    const auto turn = co_await core_.turn_of(asker, Permission::account);
    if (!turn) co_return std::unexpected(turn.error());
    if (!is_as_it_was(*tried))
        co_return fail(Code::conflict, "the password was changed by another request meanwhile",
                       "log in with the new one, or ask an admin: owhalectl users reset " + user->name);
    boost::json::object data{{"account", user->name}, {"first", user->bootstrap}};
    constexpr audit::EventName event("password.change");
    CO_CHECK(co_await core_.journal.note(event, asker, std::move(data)));
    co_return apply_change(asker, *user, *hash, wall_clock_us());
}

awaitable<Status> Doors::prove(Peer peer, Principal who, Secret password) {
    if (who.kind != Kind::user)
        co_return fail(Code::step_up_required, who.name + " has no password to show", "log in first: owhalectl login");
    if (who.for_agent)
        co_return fail(Code::step_up_required, "a token for an agent never steps up",
                       "a person has to do this, logged in: owhalectl login");
    if (who.must_change)
        co_return fail(Code::password_change_required, "the password must be changed first", "owhalectl passwd");
    auto tried = attempt("step_up", peer, who.user);
    if (!tried) co_return std::unexpected(tried.error());
    Gone stays;
    co_return co_await try_password(std::move(*tried), password.text(), std::move(stays));
}

awaitable<Status> Doors::note_window(Asker asker, std::int64_t seconds) {
    constexpr audit::EventName event("step_up");
    boost::json::object data{{"window_s", seconds}};
    co_return co_await core_.journal.note(event, asker, std::move(data));
}

} // namespace owhale::identity
