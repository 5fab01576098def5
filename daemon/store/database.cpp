#include "store/database.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "base/fd.hpp"
#include "store/failure.hpp"
#include "store/transaction.hpp"

namespace owhale::store {
namespace {

constexpr int kBusyMs = 5000; // another process only ever holds the lock for one commit

constexpr const char* kSettings = "PRAGMA trusted_schema=OFF;"
                                  "PRAGMA cell_size_check=ON;"
                                  "PRAGMA temp_store=MEMORY;" // Landlock gives the broker no /var/tmp
                                  "PRAGMA foreign_keys=ON;";

// SQLite would make the file with the process's umask and would follow a link.
Status make_private_file(const std::string& path) {
    const Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
    struct stat st{};
    if (!fd || ::fstat(fd.get(), &st) != 0) return cannot_open(path, errno);
    if (!S_ISREG(st.st_mode)) return fail(Code::state_unavailable, path + " is not a regular file", "move it away");
    if (st.st_uid != ::geteuid())
        return fail(Code::state_unavailable, path + " belongs to uid " + std::to_string(st.st_uid),
                    "give it to owhaled: chown " + std::to_string(::geteuid()) + " " + path);
    return {};
}

} // namespace

void Database::Close::operator()(sqlite3* handle) const {
    ::sqlite3_close_v2(handle);
}

Result<Database> Database::connect(const std::string& path, int flags) {
    sqlite3* handle = nullptr;
    const int code =
        ::sqlite3_open_v2(path.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
    Database database(handle, path);
    if (code != SQLITE_OK) return failure(handle, code, path);
    ::sqlite3_busy_timeout(handle, kBusyMs);
    // A hostile file cannot use the schema to reach functions or tables that were meant for nobody.
    ::sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    CHECK(database.execute(kSettings));
    return database;
}

Result<Database> Database::open(const std::string& path, Durability durability, Checkpoints checkpoints) {
    CHECK(make_private_file(path));
    auto database = TRY(connect(path, SQLITE_OPEN_READWRITE));
    CHECK(database.execute("PRAGMA journal_mode=WAL; PRAGMA journal_size_limit=16777216;"));
    // What is deleted is overwritten. Debian's SQLite does so by itself, others do not.
    CHECK(database.execute("PRAGMA secure_delete=ON"));
    CHECK(database.execute(durability == Durability::power ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL"));
    database.bound_ = std::make_unique<WalBound>();
    database.bound_->watch(database.handle_.get(), kBusyMs);
    if (checkpoints == Checkpoints::aside) database.bound_->go_aside(path);
    return database;
}

Result<Database> Database::open_to_read(const std::string& path) {
    // Not SQLITE_OPEN_READONLY: a reader of a write-ahead log writes its own lock into the -shm file.
    auto database = TRY(connect(path, SQLITE_OPEN_READWRITE));
    CHECK(database.execute("PRAGMA query_only=ON;"));
    return database;
}

Status Database::execute(const std::string& sql) {
    const int code = ::sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return failure(handle_.get(), code, path_);
    return {};
}

Result<Statement> Database::prepare(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    const int code = ::sqlite3_prepare_v3(handle_.get(), sql.c_str(), static_cast<int>(sql.size()),
                                          SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) return failure(handle_.get(), code, path_);
    return Statement(statement);
}

Result<Transaction> Database::begin() {
    // IMMEDIATE: a lock that cannot be had fails here, not in the middle.
    CHECK(execute("BEGIN IMMEDIATE"));
    return Transaction(*this);
}

std::int64_t Database::last_row() const {
    return ::sqlite3_last_insert_rowid(handle_.get());
}

std::int64_t Database::changes() const {
    return ::sqlite3_changes64(handle_.get());
}

} // namespace owhale::store
