#include "identity/sessions.hpp"

#include "store/transaction.hpp"

namespace owhale::identity {
namespace {

constexpr std::size_t kMostKnown = 16'384; // in memory; beyond, all are read anew as they are used
constexpr std::int64_t kMinute = 60'000'000;

#define SESSION_COLUMNS                                                                                                \
    "jti, user, kind, roles, profile, cwd, label, maker, kid, peer, created, expires, last_used, revoked"

std::string_view name_of(SessionKind kind) {
    return kind == SessionKind::login ? "login" : "token";
}

Session session_of(const store::Statement::Use& row) {
    Session out;
    out.jti = row.text(0);
    out.user = row.integer(1);
    out.kind = row.text(2) == "login" ? SessionKind::login : SessionKind::token;
    out.roles = static_cast<std::uint32_t>(row.integer(3));
    out.profile = row.text(4);
    out.cwd = row.text(5);
    out.label = row.text(6);
    out.maker = row.text(7);
    out.kid = row.text(8);
    out.peer = row.text(9);
    out.created = row.integer(10);
    out.expires = row.integer(11);
    if (!row.null(12)) out.last_used = row.integer(12);
    if (!row.null(13)) out.revoked = row.integer(13);
    return out;
}

Result<std::vector<std::string>> texts(store::Statement::Use rows) {
    std::vector<std::string> out;
    while (TRY(rows.next())) out.push_back(rows.text(0));
    return out;
}

} // namespace

Result<const Session*> Sessions::find(const std::string& jti) {
    if (const auto at = known_.find(jti); at != known_.end()) return &at->second;
    auto row = TRY(statements_.use("SELECT " SESSION_COLUMNS " FROM sessions WHERE jti = ?1"))->with(jti);
    if (!TRY(row.next())) return nullptr;
    if (known_.size() >= kMostKnown) known_.clear();
    return &known_.emplace(jti, session_of(row)).first->second;
}

Status Sessions::add(const Session& session) {
    CHECK(TRY(statements_.use("INSERT INTO sessions (" SESSION_COLUMNS ") VALUES "
                              "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"))
              ->with(session.jti, session.user, name_of(session.kind), session.roles, session.profile, session.cwd,
                     session.label, session.maker, session.kid, session.peer, session.created, session.expires,
                     session.last_used, session.revoked)
              .run());
    if (known_.size() >= kMostKnown) known_.clear();
    known_.emplace(session.jti, session);
    return {};
}

Result<std::uint64_t> Sessions::end_all(const std::vector<std::string>& jtis, std::int64_t now) {
    auto transaction = TRY(statements_.database().begin());
    auto* end = TRY(statements_.use("UPDATE sessions SET revoked = ?2 WHERE jti = ?1"));
    for (const auto& jti : jtis) CHECK(end->with(jti, now).run());
    CHECK(transaction.commit());
    for (const auto& jti : jtis)
        if (const auto at = known_.find(jti); at != known_.end()) at->second.revoked = now;
    return jtis.size();
}

Result<std::uint64_t> Sessions::revoke(const std::string& jti, std::int64_t now) {
    // A login's end is its own alone: the tokens that were made in it are for agents, which go on.
    constexpr const char* kBelow =
        "WITH RECURSIVE below (jti) AS (SELECT ?1 UNION SELECT s.jti FROM sessions s JOIN below ON s.maker = below.jti "
        "WHERE (SELECT kind FROM sessions WHERE jti = below.jti) = 'token') "
        "SELECT s.jti FROM sessions s JOIN below ON s.jti = below.jti WHERE s.revoked IS NULL AND s.expires > ?2";
    auto* statement = TRY(statements_.use(kBelow));
    return end_all(TRY(texts(statement->with(jti, now))), now);
}

Result<std::uint64_t> Sessions::revoke_of(std::int64_t user, std::optional<SessionKind> kind, const std::string& except,
                                          std::int64_t now) {
    auto* statement = TRY(statements_.use("SELECT jti FROM sessions WHERE user = ?1 AND (?2 = '' OR kind = ?2) AND "
                                          "jti <> ?3 AND revoked IS NULL AND expires > ?4"));
    const std::string_view wanted = kind ? name_of(*kind) : "";
    return end_all(TRY(texts(statement->with(user, wanted, except, now))), now);
}

Status Sessions::expire(const std::string& jti) {
    CHECK(TRY(statements_.use("UPDATE sessions SET revoked = expires WHERE jti = ?1 AND revoked IS NULL"))
              ->with(jti)
              .run());
    if (const auto at = known_.find(jti); at != known_.end() && !at->second.revoked)
        at->second.revoked = at->second.expires;
    return {};
}

Result<std::vector<Session>> Sessions::list(const Filter& filter) {
    auto rows =
        TRY(statements_.use(
                "WITH RECURSIVE below (jti) AS (SELECT ?3 UNION SELECT s.jti FROM sessions s JOIN below ON s.maker = "
                "below.jti WHERE ?3 <> '') "
                "SELECT " SESSION_COLUMNS " FROM sessions WHERE (?1 = 0 OR user = ?1) AND kind = ?2 AND "
                "(?3 = '' OR jti IN (SELECT jti FROM below)) AND (?4 IS NULL OR (revoked IS NULL AND expires > ?4)) "
                "ORDER BY jti DESC LIMIT ?5"))
            ->with(filter.user, name_of(filter.kind), filter.below, filter.live_at, filter.limit);
    std::vector<Session> out;
    while (TRY(rows.next())) out.push_back(session_of(rows));
    return out;
}

Result<std::uint64_t> Sessions::count(std::int64_t user, SessionKind kind, std::int64_t now) {
    auto row =
        TRY(statements_.use("SELECT count(*) FROM sessions WHERE user = ?1 AND kind = ?2 AND revoked IS NULL AND "
                            "expires > ?3"))
            ->with(user, name_of(kind), now);
    return TRY(row.next()) ? static_cast<std::uint64_t>(row.integer(0)) : 0;
}

Result<std::uint64_t> Sessions::count_family(const std::string& token, std::int64_t now) {
    constexpr const char* kFamily =
        "WITH RECURSIVE up (jti) AS (SELECT ?1 UNION SELECT s.maker FROM sessions s JOIN up ON s.jti = up.jti "
        "WHERE (SELECT kind FROM sessions WHERE jti = s.maker) = 'token'), "
        "family (jti) AS (SELECT jti FROM up UNION SELECT s.jti FROM sessions s JOIN family ON s.maker = family.jti) "
        "SELECT count(*) FROM sessions s JOIN family ON s.jti = family.jti WHERE s.revoked IS NULL AND s.expires > ?2";
    auto row = TRY(statements_.use(kFamily))->with(token, now);
    return TRY(row.next()) ? static_cast<std::uint64_t>(row.integer(0)) : 0;
}

Result<bool> Sessions::is_below(const std::string& jti, const std::string& above) {
    return TRY(statements_.use("WITH RECURSIVE up (jti) AS (SELECT ?1 UNION SELECT s.maker FROM sessions s JOIN up ON "
                               "s.jti = up.jti WHERE s.maker <> '') SELECT 1 FROM up WHERE jti = ?2"))
        ->with(jti, above)
        .next();
}

Result<std::optional<std::string>> Sessions::oldest_login(std::int64_t user, std::int64_t now) {
    auto row =
        TRY(statements_.use("SELECT jti FROM sessions WHERE user = ?1 AND kind = 'login' AND revoked IS NULL AND "
                            "expires > ?2 ORDER BY jti LIMIT 1"))
            ->with(user, now);
    if (!TRY(row.next())) return std::nullopt;
    return row.text(0);
}

Status Sessions::touch(const std::string& jti, std::int64_t now) {
    const auto at = known_.find(jti);
    if (at == known_.end()) return {};
    auto& last = at->second.last_used;
    // A clock that has gone back writes too: "last" is what the clock says.
    if (last && now - *last < kMinute && now >= *last) return {};
    last = now;
    return TRY(statements_.use("UPDATE sessions SET last_used = ?2 WHERE jti = ?1"))->with(jti, now).run();
}

Result<std::int64_t> Sessions::last_of_key(const std::string& kid) {
    auto row = TRY(statements_.use("SELECT coalesce(max(expires), 0) FROM sessions WHERE kid = ?1 AND revoked IS NULL"))
                   ->with(kid);
    return TRY(row.next()) ? row.integer(0) : 0;
}

Status Sessions::sweep(std::int64_t now, std::int64_t before) {
    CHECK(TRY(statements_.use("UPDATE sessions SET revoked = expires WHERE revoked IS NULL AND expires <= ?1"))
              ->with(now)
              .run());
    CHECK(TRY(statements_.use("DELETE FROM sessions WHERE revoked < ?1"))->with(before).run());
    std::erase_if(known_, [&](const auto& entry) { return !entry.second.live(now); });
    return {};
}

void Sessions::forget(std::int64_t user) {
    std::erase_if(known_, [&](const auto& entry) { return entry.second.user == user; });
}

} // namespace owhale::identity
