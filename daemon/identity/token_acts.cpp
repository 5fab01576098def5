#include "identity/token_acts.hpp"

#include "base/clock.hpp"
#include "base/uuid.hpp"
#include "base/whole_seconds.hpp"
#include "identity/bounds.hpp"
#include "identity/names.hpp"

namespace owhale::identity {
namespace {

using boost::asio::awaitable;

constexpr std::int64_t kNobody = -1;
constexpr std::uint64_t kMostTokens = 1000; // of one account, live
constexpr std::uint64_t kMostOfFamily = 50; // of one that a person made, live: it and all that agents made with it
constexpr std::uint64_t kLongestLife = 366ull * 86'400 * 1000; // milliseconds
constexpr std::uint64_t kShortestLife = 1000;
constexpr std::int64_t kSecond = 1'000'000;

std::optional<std::string> unless_empty(const std::string& text) {
    if (text.empty()) return std::nullopt;
    return text;
}

std::unexpected<Error> no_such(SessionKind kind) {
    const bool login = kind == SessionKind::login;
    return fail(Code::not_found, login ? "there is no such session" : "there is no such token",
                login ? "`owhalectl sessions ls` lists yours" : "`owhalectl tokens ls` lists yours");
}

} // namespace

Result<std::int64_t> TokenActs::owner_of(const Principal& who, const std::string& user, Permission permission) const {
    const bool any = who.may(permission, false);
    if (user.empty()) return who.kind == Kind::user ? who.account : any ? 0 : kNobody;
    if (!any && user != who.user) return fail(Code::forbidden, "you may see your own only", "leave out ?user=");
    return TRY(core_.named(user)).id;
}

std::string TokenActs::owner_name(const Session& session) const {
    const auto* user = core_.users.find(session.user);
    return user != nullptr ? Core::principal_of(*user) : "";
}

Result<api::SessionList> TokenActs::sessions(const Principal& who, const Wanted& wanted) {
    Sessions::Filter filter;
    filter.user = TRY(owner_of(who, wanted.user, Permission::sessions));
    if (!wanted.ended) filter.live_at = wall_clock_us();
    api::SessionList out;
    for (const auto& session : TRY(core_.sessions.list(filter))) {
        api::Session row;
        row.id = session.jti;
        row.principal = owner_name(session);
        row.created = rfc3339(session.created);
        row.expires = rfc3339(session.expires);
        row.last_used = text_of(session.last_used);
        row.peer = session.peer;
        row.current = session.jti == who.session;
        row.revoked = text_of(session.revoked);
        out.sessions.push_back(std::move(row));
    }
    return out;
}

api::Token TokenActs::shown(const Session& session) const {
    api::Token out;
    out.id = session.jti;
    out.principal = owner_name(session);
    const auto names = role_names(session.roles);
    out.role = names.empty() ? "" : names.front();
    out.created = rfc3339(session.created);
    out.expires = rfc3339(session.expires);
    out.profile = unless_empty(session.profile);
    out.cwd = unless_empty(session.cwd);
    out.label = unless_empty(session.label);
    out.last_used = text_of(session.last_used);
    out.revoked = text_of(session.revoked);
    out.maker = unless_empty(session.maker);
    return out;
}

Result<api::TokenList> TokenActs::tokens(const Principal& who, const Wanted& wanted) {
    Sessions::Filter filter;
    filter.kind = SessionKind::token;
    filter.user = TRY(owner_of(who, wanted.user, Permission::tokens));
    if (who.for_agent) filter.below = who.session; // an agent sees what it made, not what its human did
    if (!wanted.ended) filter.live_at = wall_clock_us();
    api::TokenList out;
    for (const auto& session : TRY(core_.sessions.list(filter))) out.tokens.push_back(shown(session));
    return out;
}

Result<Session> TokenActs::visible(const Principal& who, const std::string& id, SessionKind kind) {
    const auto permission = kind == SessionKind::login ? Permission::sessions : Permission::tokens;
    const auto* found = parse_uuid(id) ? TRY(core_.sessions.find(id)) : nullptr;
    if (found == nullptr || found->kind != kind) return no_such(kind);
    const auto session = *found;
    const bool own = who.kind == Kind::user && session.user == who.account;
    if (!own && !who.may(permission, false)) return no_such(kind);
    if (who.for_agent && !TRY(core_.sessions.is_below(id, who.session))) return no_such(kind);
    return session;
}

Result<api::Token> TokenActs::token(const Principal& who, const std::string& id) {
    return shown(TRY(visible(who, id, SessionKind::token)));
}

awaitable<Status> TokenActs::revoke(Asker asker, std::string id, SessionKind kind, audit::EventName event) {
    const auto session = visible(asker.who, id, kind);
    if (!session) co_return std::unexpected(session.error());
    if (session->revoked) co_return Status{}; // it has ended: that is what was asked for
    boost::json::object data{{"account", owner_name(*session)}, {"jti", session->jti}};
    CO_CHECK(co_await core_.journal.note(event, asker, std::move(data)));
    CO_CHECK(core_.sessions.revoke(id, wall_clock_us()));
    co_return Status{};
}

awaitable<Status> TokenActs::revoke_session(Asker asker, std::string id) {
    co_return co_await revoke(std::move(asker), std::move(id), SessionKind::login, "session.revoke");
}

awaitable<Status> TokenActs::revoke_token(Asker asker, std::string id) {
    co_return co_await revoke(std::move(asker), std::move(id), SessionKind::token, "token.revoke");
}

awaitable<Result<api::Revoked>> TokenActs::revoke_sessions(Asker asker, std::string user) {
    const auto owner = owner_of(asker.who, user, Permission::sessions);
    if (!owner) co_return std::unexpected(owner.error());
    const auto* account = core_.users.find(*owner);
    if (account == nullptr)
        co_return fail(Code::invalid_value, asker.who.name + " has no sessions of its own",
                       "name an account: ?user=NAME");
    const auto id = account->id;
    boost::json::object data{{"account", account->name}, {"all", true}};
    constexpr audit::EventName event("session.revoke");
    CO_CHECK(co_await core_.journal.note(event, asker, std::move(data)));
    const auto ended = core_.sessions.revoke_of(id, SessionKind::login, asker.who.session, wall_clock_us());
    if (!ended) co_return std::unexpected(ended.error());
    co_return api::Revoked{*ended};
}

// Pure but for the clock: what the token would be, or why it may not.
Result<Session> TokenActs::narrowed(const Asker& asker, const api::TokenRequest& request) const {
    const auto& who = asker.who;
    Session session;
    session.kind = SessionKind::token;
    session.roles = TRY(roles_of({request.role}));
    if (!covers(who.role_set, session.roles))
        return fail(Code::forbidden, who.name + " may less than the role " + request.role,
                    "`owhalectl whoami` tells yours");
    if (request.ttl_ms < kShortestLife || request.ttl_ms > kLongestLife)
        return fail(Code::invalid_value, "ttl_ms: a token lives from 1 s to 366 days", "as in --ttl 24h");
    session.created = wall_clock_us() / kSecond * kSecond;
    session.expires = session.created + static_cast<std::int64_t>(request.ttl_ms / 1000) * kSecond;
    if (who.for_agent && session.expires > who.expires)
        return fail(Code::forbidden,
                    "a token cannot outlive the one that mints it, which ends " + whole_seconds(rfc3339(who.expires)),
                    "ask for a shorter ttl");
    session.profile = TRY(narrow_profile(who.profile, request.profile));
    session.cwd = TRY(narrow_cwd(who.cwd, request.cwd));
    if (request.label && !is_plain_text(*request.label, 64))
        return fail(Code::invalid_value, "label: 1 to 64 bytes of text without unseen characters");
    session.label = request.label.value_or("");
    session.jti = to_string(make_uuid());
    session.user = who.account;
    session.maker = who.session;
    session.kid = core_.keys->current().id();
    session.peer = asker.peer.describe();
    return session;
}

// So that no agent uses up what its account may have.
Status TokenActs::check_family(const Principal& who, std::int64_t now) {
    if (!who.for_agent || TRY(core_.sessions.count_family(who.session, now)) < kMostOfFamily) return {};
    return fail(Code::conflict,
                "the token and those that were made with it are " + std::to_string(kMostOfFamily) + " live ones",
                "revoke some: owhalectl tokens ls");
}

awaitable<Result<api::TokenMade>> TokenActs::mint(Asker asker, api::TokenRequest request) {
    const auto turn = co_await core_.turn_of(asker, Permission::tokens);
    if (!turn) co_return std::unexpected(turn.error());
    const auto user = core_.account_of(asker.who);
    if (!user) co_return std::unexpected(user.error());
    const auto session = narrowed(asker, request);
    if (!session) co_return std::unexpected(session.error());
    const auto live = core_.sessions.count(user->id, SessionKind::token, session->created);
    if (!live) co_return std::unexpected(live.error());
    if (*live >= kMostTokens)
        co_return fail(Code::conflict, "the account has " + std::to_string(kMostTokens) + " live tokens",
                       "revoke some: owhalectl tokens ls");
    CO_CHECK(check_family(asker.who, session->created));
    boost::json::object data{{"account", user->name},   {"jti", session->jti},
                             {"role", request.role},    {"profile", session->profile},
                             {"cwd", session->cwd},     {"label", session->label},
                             {"maker", session->maker}, {"expires", rfc3339(session->expires)}};
    constexpr audit::EventName event("token.create");
    CO_CHECK(co_await core_.journal.note(event, asker, std::move(data)));
    // While the log was written its maker may have been revoked.
    const auto maker = core_.sessions.find(asker.who.session);
    if (!maker) co_return std::unexpected(maker.error());
    if (*maker == nullptr || !(*maker)->live(wall_clock_us()))
        co_return fail(Code::token_revoked, "the token was revoked meanwhile", "log in again: owhalectl login");
    CO_CHECK(core_.sessions.add(*session));
    co_return api::TokenMade{core_.token_of(*session, *user), shown(*session)};
}

} // namespace owhale::identity
