#include "audit/index/index_file.hpp"

#include <unistd.h>

#include "audit/index/tokenizer.hpp"
#include "store/failure.hpp"
#include "store/transaction.hpp"

namespace owhale::audit::index {
namespace {

constexpr int kVersion = 2; // of the tables and of what counts as a word; another one is made again

constexpr const char* kTables =
    "CREATE TABLE standing (id INTEGER PRIMARY KEY CHECK (id = 1), through INTEGER NOT NULL,"
    " first TEXT NOT NULL, last TEXT NOT NULL) STRICT;"
    "INSERT INTO standing VALUES (1, 0, '', '');"
    "CREATE TABLE partitions (number INTEGER PRIMARY KEY, through INTEGER NOT NULL,"
    " dropped INTEGER NOT NULL, whole INTEGER NOT NULL) STRICT;"
    "CREATE TABLE hours (hour INTEGER PRIMARY KEY, counts BLOB NOT NULL) STRICT;";

Result<int> version_of(store::Database& database) {
    auto find = TRY(database.prepare("PRAGMA user_version"));
    auto row = find.with();
    CHECK(row.next());
    return static_cast<int>(row.integer(0));
}

Status make_tables(store::Database& database) {
    auto transaction = TRY(database.begin());
    CHECK(database.execute(kTables));
    CHECK(database.execute("PRAGMA user_version=" + std::to_string(kVersion)));
    return transaction.commit();
}

} // namespace

std::string table_of(std::uint64_t partition) {
    return "words_" + std::to_string(partition);
}

std::string index_path(const std::string& dir) {
    return dir + "/audit-index.db";
}

Result<store::Database> open_index(const std::string& path) {
    auto database = TRY(store::Database::open(path, store::Durability::process));
    CHECK(register_tokenizer(database));
    CHECK(database.execute("PRAGMA cache_size=-32768"));
    const int version = TRY(version_of(database));
    if (version == 0) CHECK(make_tables(database));
    if (version != 0 && version != kVersion)
        return fail(Code::conflict, path + " is of another version", "it is made again from audit.db");
    return database;
}

Result<store::Database> open_index_to_read(const std::string& path) {
    auto database = TRY(store::Database::open_to_read(path));
    CHECK(register_tokenizer(database));
    CHECK(database.execute("PRAGMA cache_size=-16384"));
    return database;
}

void remove_index(const std::string& path) {
    for (const char* suffix : {"", "-wal", "-shm"}) ::unlink((path + suffix).c_str());
}

bool is_damaged(const Error& error, const std::string& path) {
    // Code::internal: SQLite does not know a table, or FTS5 does not know its own.
    return error.message.starts_with(path) && (error.step == store::kDamaged || error.code == Code::internal);
}

Result<Standing> standing(store::Database& index) {
    auto find = TRY(index.prepare("SELECT through, first, last FROM standing"));
    auto row = find.with();
    if (!TRY(row.next())) return Standing{};
    return Standing{static_cast<std::uint64_t>(row.integer(0)), row.text(1), row.text(2)};
}

Result<std::vector<Partition>> partitions(store::Database& index) {
    auto find = TRY(index.prepare("SELECT number, through, dropped, whole FROM partitions ORDER BY number DESC"));
    auto row = find.with();
    std::vector<Partition> out;
    while (TRY(row.next()))
        out.push_back({static_cast<std::uint64_t>(row.integer(0)), static_cast<std::uint64_t>(row.integer(1)),
                       static_cast<std::uint64_t>(row.integer(2)), row.integer(3) != 0});
    return out;
}

} // namespace owhale::audit::index
