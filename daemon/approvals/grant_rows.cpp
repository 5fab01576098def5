#include "approvals/grant_rows.hpp"

#include "base/clock.hpp"
#include "shared/codec.hpp"

namespace owhale::approvals {
namespace {

template <typename T> Result<T> stored(const std::string& text) {
    auto value = codec::decode<T>(text);
    if (!value) return fail(Code::state_unavailable, "a grant's record is damaged: " + value.error().message);
    return value;
}

// The record with what has changed since: columns state, used, last_used, ended, because of the query after it.
Result<api::Grant> grant_of(const store::Statement::Use& row) {
    auto grant = TRY(stored<api::Grant>(row.text(0)));
    grant.state = row.text(1);
    grant.used = static_cast<std::uint32_t>(row.integer(2));
    if (!row.null(3)) grant.last_used = rfc3339(row.integer(3));
    if (!row.null(4)) grant.ended = rfc3339(row.integer(4));
    if (!row.null(5)) grant.ended_because = row.text(5);
    return grant;
}

#define GRANT_COLUMNS "record, state, used, last_used, ended, because"

} // namespace

Status GrantRows::insert(const api::Grant& grant, const Bound& bound, std::int64_t created,
                         std::optional<std::int64_t> expires) {
    return TRY(statements_.use("INSERT INTO grants (id, principal, workspace, profile, state, expires, left, created, "
                               "record, bound) VALUES (?1, ?2, ?3, ?4, 'active', ?5, ?6, ?7, ?8, ?9)"))
        ->with(grant.id, grant.principal, grant.workspace, grant.profile, expires, grant.times, created,
               codec::to_text(grant), codec::to_text(bound))
        .run();
}

Result<std::vector<GrantRows::Active>> GrantRows::active(const std::string& principal, const std::string& workspace,
                                                         const std::string& profile, std::int64_t now,
                                                         std::size_t most) {
    auto row =
        TRY(statements_.use("SELECT " GRANT_COLUMNS
                            ", bound FROM grants WHERE state = 'active' AND principal = ?1 AND workspace = ?2 "
                            "AND profile = ?3 AND (expires IS NULL OR expires > ?4) AND (left IS NULL OR left > 0) "
                            "ORDER BY coalesce(expires, 9223372036854775807), id LIMIT ?5"))
            ->with(principal, workspace, profile, now, most);
    std::vector<Active> out;
    while (TRY(row.next())) {
        auto grant = TRY(grant_of(row));
        out.push_back({std::move(grant), TRY(stored<Bound>(row.text(6)))});
    }
    return out;
}

Result<std::uint64_t> GrantRows::count_active(const std::string& principal) {
    auto row =
        TRY(statements_.use("SELECT count(*) FROM grants WHERE state = 'active' AND principal = ?1"))->with(principal);
    return TRY(row.next()) ? static_cast<std::uint64_t>(row.integer(0)) : 0;
}

Result<bool> GrantRows::use(const std::string& id, std::int64_t now) {
    CHECK(TRY(statements_.use("UPDATE grants SET left = left - 1, used = used + 1, last_used = ?2 WHERE id = ?1 AND "
                              "state = 'active' AND (left IS NULL OR left > 0) AND (expires IS NULL OR expires > ?2)"))
              ->with(id, now)
              .run());
    return statements_.database().changes() == 1;
}

Status GrantRows::give_back(const std::string& id) {
    return TRY(statements_.use("UPDATE grants SET left = left + 1, used = used - 1 WHERE id = ?1 AND state = 'active'"))
        ->with(id)
        .run();
}

Result<bool> GrantRows::end(const std::string& id, const std::string& state, const std::string& because,
                            std::int64_t now) {
    CHECK(TRY(statements_.use("UPDATE grants SET state = ?2, because = ?3, ended = ?4 WHERE id = ?1 AND "
                              "state = 'active'"))
              ->with(id, state, because, now)
              .run());
    return statements_.database().changes() == 1;
}

Result<std::vector<std::string>> GrantRows::overdue(std::int64_t now) {
    auto row =
        TRY(statements_.use("SELECT id FROM grants WHERE state = 'active' AND expires <= ?1 LIMIT 1000"))->with(now);
    std::vector<std::string> out;
    while (TRY(row.next())) out.push_back(row.text(0));
    return out;
}

Status GrantRows::remove_ended_before(std::int64_t us) {
    return TRY(statements_.use("DELETE FROM grants WHERE ended < ?1"))->with(us).run();
}

Result<std::optional<api::Grant>> GrantRows::find(const std::string& id) {
    auto row = TRY(statements_.use("SELECT " GRANT_COLUMNS " FROM grants WHERE id = ?1"))->with(id);
    if (!TRY(row.next())) return std::nullopt;
    return TRY(grant_of(row));
}

Result<std::vector<api::Grant>> GrantRows::list(const std::string& principal, bool ended, const std::string& before,
                                                std::size_t limit) {
    constexpr const char* kOwn =
        "SELECT " GRANT_COLUMNS " FROM grants WHERE principal = ?1 AND (?2 OR state = 'active') "
        "AND (?3 = '' OR id < ?3) ORDER BY id DESC LIMIT ?4";
    constexpr const char* kAny = "SELECT " GRANT_COLUMNS " FROM grants WHERE ?1 = '' AND (?2 OR state = 'active') "
                                 "AND (?3 = '' OR id < ?3) ORDER BY id DESC LIMIT ?4";
    auto row = TRY(statements_.use(principal.empty() ? kAny : kOwn))->with(principal, ended ? 1 : 0, before, limit);
    std::vector<api::Grant> out;
    while (TRY(row.next())) out.push_back(TRY(grant_of(row)));
    return out;
}

} // namespace owhale::approvals
