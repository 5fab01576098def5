#include "identity/session_counts.hpp"

namespace owhale::identity {

Result<std::uint64_t> count_live(store::Database& database, SessionKind kind, std::int64_t now_us) {
    auto statement =
        TRY(database.prepare("SELECT count(*) FROM sessions WHERE kind = ?1 AND revoked IS NULL AND expires > ?2"));
    auto row = statement.with(kind == SessionKind::login ? "login" : "token", now_us);
    return TRY(row.next()) ? static_cast<std::uint64_t>(row.integer(0)) : 0;
}

} // namespace owhale::identity
