#include "store/emptied_log.hpp"

#include <sqlite3.h>

namespace owhale::store {
namespace {

int busy_timeout(Database& database) {
    auto find = database.prepare("PRAGMA busy_timeout");
    if (!find) return WalBound::kPatienceMs;
    auto row = find->with();
    const auto found = row.next();
    return found && *found ? static_cast<int>(row.integer(0)) : WalBound::kPatienceMs;
}

} // namespace

bool empty_log(Database& database) {
    auto* handle = database.handle();
    const int before = busy_timeout(database);
    ::sqlite3_busy_timeout(handle, WalBound::kPatienceMs);
    const int code = ::sqlite3_wal_checkpoint_v2(handle, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    ::sqlite3_busy_timeout(handle, before);
    return code == SQLITE_OK;
}

} // namespace owhale::store
