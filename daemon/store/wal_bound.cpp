#include "store/wal_bound.hpp"

#include <sqlite3.h>

#include "base/clock.hpp"

namespace owhale::store {
namespace {

int pragma(sqlite3* handle, const char* sql, int otherwise) {
    sqlite3_stmt* statement = nullptr;
    int value = otherwise;
    if (::sqlite3_prepare_v2(handle, sql, -1, &statement, nullptr) == SQLITE_OK &&
        ::sqlite3_step(statement) == SQLITE_ROW)
        value = ::sqlite3_column_int(statement, 0);
    ::sqlite3_finalize(statement);
    return value;
}

} // namespace

void WalBound::watch(sqlite3* handle, int busy_ms) {
    often_ = next_ = pragma(handle, "PRAGMA wal_autocheckpoint", often_);
    most_ = kMost / pragma(handle, "PRAGMA page_size", 4096);
    busy_ms_ = busy_ms;
    ::sqlite3_wal_hook(handle, committed, this);
}

// The commit has been made: what fails here is tried at a later one, and is no error of this one.
int WalBound::committed(void* self, sqlite3* handle, const char*, int pages) {
    auto& bound = *static_cast<WalBound*>(self);
    if (pages < bound.last_) bound.next_ = bound.often_; // it began anew
    bound.last_ = pages;
    if (pages >= bound.next_) bound.bring_over(handle, pages);
    return SQLITE_OK;
}

// Not at every commit while a reader is in the way: each try reads the index of the whole log.
void WalBound::bring_over(sqlite3* handle, int pages) {
    next_ = pages + often_;
    const auto now = monotonic_ns();
    if (pages < most_ || now - waited_ns_ < kPauseNs) {
        ::sqlite3_wal_checkpoint_v2(handle, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
        return;
    }
    waited_ns_ = now;
    ::sqlite3_busy_timeout(handle, kPatienceMs);
    ::sqlite3_wal_checkpoint_v2(handle, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    ::sqlite3_busy_timeout(handle, busy_ms_);
}

} // namespace owhale::store
