#include "store/transaction.hpp"

namespace owhale::store {

Transaction::~Transaction() {
    // SQLite has rolled back by itself after a full disk; then this fails, and nothing is left to undo.
    if (database_ != nullptr) (void)database_->execute("ROLLBACK");
}

Status Transaction::commit() {
    CHECK(database_->execute("COMMIT"));
    database_ = nullptr;
    return {};
}

} // namespace owhale::store
