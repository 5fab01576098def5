// A transaction: everything in it is on disk after commit(), nothing of it otherwise.
#pragma once

#include "store/database.hpp"

namespace owhale::store {

class Transaction {
public:
    Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();
    Status commit();

private:
    friend class Database;
    explicit Transaction(Database& database) : database_(&database) {}
    Database* database_; // null once committed or moved from
};

} // namespace owhale::store
