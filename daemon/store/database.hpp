// One SQLite file: opened with safe settings, its statements, its transactions. One thread uses a Database at a time.
//
// Errors are state_unavailable (disk full, read-only, damaged, locked, cannot open), each with what to do next.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "shared/error.hpp"
#include "store/statement.hpp"
#include "store/wal_bound.hpp"

namespace owhale::store {

class Transaction;

// Who brings the write-ahead log into the file, and waits for the disk then: a commit now and then, or a thread beside them,
// for a connection whose thread does more than write.
enum class Checkpoints { by_commits, aside };

// What a commit has survived when it returns: the end of owhaled, or also the loss of power (an fsync each).
enum class Durability { process, power };

class Database {
public:
    // Opens or makes PATH (mode 0600): write-ahead log (bounded, see WalBound), foreign keys on, no untrusted functions in the schema,
    // temporary tables in memory. Refuses a file that is a symbolic link or belongs to someone else.
    static Result<Database> open(const std::string& path, Durability durability,
                                 Checkpoints checkpoints = Checkpoints::by_commits);
    // A second connection that only reads; sees what the first has committed.
    static Result<Database> open_to_read(const std::string& path);

    Database(Database&&) noexcept = default;
    Database& operator=(Database&&) noexcept = default;

    // One or more statements without parameters or rows.
    Status execute(const std::string& sql);
    // Keep a statement that is used often; it must not outlive the Database.
    Result<Statement> prepare(const std::string& sql);
    // Rolls back when it is destroyed without commit(). They do not nest.
    Result<Transaction> begin();

    std::int64_t last_row() const; // rowid of the last insert
    std::int64_t changes() const;  // rows that the last statement changed
    const std::string& path() const { return path_; }
    // For what SQLite adds to a connection: tokenizers, error codes.
    sqlite3* handle() const { return handle_.get(); }

private:
    struct Close {
        void operator()(sqlite3* handle) const;
    };
    Database(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}
    static Result<Database> connect(const std::string& path, int flags);
    std::unique_ptr<WalBound> bound_; // of one that writes; after the handle it is gone
    std::unique_ptr<sqlite3, Close> handle_;
    std::string path_;
};

} // namespace owhale::store
