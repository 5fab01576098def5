#include "store/migrations.hpp"

#include "base/clock.hpp"
#include "store/transaction.hpp"

namespace owhale::store {
namespace {

Result<int> newest_applied(Database& database) {
    auto find = TRY(database.prepare("SELECT coalesce(max(number), 0) FROM migrations"));
    auto row = find.with();
    CHECK(row.next());
    return static_cast<int>(row.integer(0));
}

Status apply(Database& database, const Migration& migration, const Further& further) {
    auto transaction = TRY(database.begin());
    CHECK(database.execute(std::string(migration.sql)));
    if (further) CHECK(further(database, migration.number));
    auto note = TRY(database.prepare("INSERT INTO migrations (number, applied) VALUES (?, ?)"));
    CHECK(note.with(migration.number, rfc3339(wall_clock_us())).run());
    return transaction.commit();
}

} // namespace

Status migrate(Database& database, std::string_view schema, const Further& further) {
    CHECK(database.execute("CREATE TABLE IF NOT EXISTS migrations"
                           " (number INTEGER PRIMARY KEY, applied TEXT NOT NULL) STRICT"));
    const int applied = TRY(newest_applied(database));
    int newest = 0;
    for (const auto& migration : migrations()) {
        if (migration.schema != schema) continue;
        newest = migration.number;
        if (migration.number > applied) CHECK(apply(database, migration, further));
    }
    if (applied > newest)
        return fail(Code::state_unavailable, database.path() + " was written by a newer owhaled",
                    "install that version, or name another --state-dir");
    return {};
}

} // namespace owhale::store
