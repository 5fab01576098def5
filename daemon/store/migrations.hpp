// Brings a database to the newest schema. The SQL is schema/NAME/NNN.sql, embedded when owhaled is built.
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "store/database.hpp"
#include "store/long_work.hpp"

namespace owhale::store {

struct Migration {
    std::string_view schema; // "state", "audit"
    int number;              // 1, 2, … without gaps
    std::string_view sql;
};

// All that are embedded, by schema and number.
std::span<const Migration> migrations();

// What SQL cannot do of a migration: called after the SQL of each number, in their transaction.
using Further = std::function<Status(Database& database, int number)>;

// What is told while migrations go on (long_work.hpp), for whoever waits for the end of a start. For the whole process: set it
// before the first, and not again while one goes on.
void while_migrating(Told told);

// Applies what is missing, all in one transaction, after a copy of a database that had something was kept (copy.hpp).
// Refuses a database that a newer owhaled has written.
Status migrate(Database& database, std::string_view schema, const Further& further = {});

} // namespace owhale::store
