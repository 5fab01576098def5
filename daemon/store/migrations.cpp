#include "store/migrations.hpp"

#include <chrono>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "store/copy.hpp"
#include "store/transaction.hpp"

namespace owhale::store {
namespace {

constexpr std::chrono::seconds kToldEvery{5};

Told& told() {
    static Told told;
    return told;
}

Result<int> newest_applied(Database& database) {
    auto find = TRY(database.prepare("SELECT coalesce(max(number), 0) FROM migrations"));
    auto row = find.with();
    CHECK(row.next());
    return static_cast<int>(row.integer(0));
}

Status apply(Database& database, const Migration& migration, const Further& further) {
    CHECK(database.execute(std::string(migration.sql)));
    if (further) CHECK(further(database, migration.number));
    auto note = TRY(database.prepare("INSERT INTO migrations (number, applied) VALUES (?, ?)"));
    return note.with(migration.number, rfc3339(wall_clock_us())).run();
}

// Those of the schema that are still to come, in order; refuses a database that has seen more than there are.
Result<std::vector<Migration>> missing(const Database& database, std::string_view schema, int applied) {
    std::vector<Migration> out;
    int newest = 0;
    for (const auto& migration : migrations()) {
        if (migration.schema != schema) continue;
        newest = migration.number;
        if (newest > applied) out.push_back(migration);
    }
    if (applied > newest)
        return fail(Code::state_unavailable,
                    database.path() + " was written by a newer owhaled: its schema is " + std::to_string(applied) +
                        ", and this one knows " + std::to_string(newest),
                    "install that version again, or put the copy back that it kept (" + database.path() +
                        ".before-…), or name another --state-dir");
    return out;
}

Status apply_all(Database& database, const std::vector<Migration>& migrations, const Further& further) {
    auto transaction = TRY(database.begin());
    for (const auto& migration : migrations) CHECK(apply(database, migration, further));
    return transaction.commit();
}

} // namespace

void while_migrating(Told told_then) {
    told() = std::move(told_then);
}

Status migrate(Database& database, std::string_view schema, const Further& further) {
    CHECK(database.execute("CREATE TABLE IF NOT EXISTS migrations"
                           " (number INTEGER PRIMARY KEY, applied TEXT NOT NULL) STRICT"));
    const int applied = TRY(newest_applied(database));
    const auto to_come = TRY(missing(database, schema, applied));
    if (to_come.empty()) return {};
    const LongWork work(database, told(), kToldEvery);
    if (applied > 0) {
        const auto kept = TRY(keep_copy(database, to_come.front().number));
        log::info("a database is brought to its new schema; as it was it is kept", {{"copy", kept}});
    }
    return apply_all(database, to_come, further);
}

} // namespace owhale::store
