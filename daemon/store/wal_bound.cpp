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
    if (bound.aside_) bound.aside_->saw(pages);
    if (pages >= bound.next_) bound.bring_over(handle, pages);
    return SQLITE_OK;
}

// Not at every commit while a reader is in the way: each try reads the index of the whole log.
void WalBound::bring_over(sqlite3* handle, int pages) {
    next_ = pages + often_;
    const auto now = monotonic_ns();
    if (pages >= most_ && now - waited_ns_ >= kPauseNs) {
        cut(handle, pages);
        waited_ns_ = monotonic_ns();
    } else if (aside_) {
        aside_->wake();
    } else {
        ::sqlite3_wal_checkpoint_v2(handle, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    }
}

// At twice the bound the thread cannot keep up with the commits, or the disk with the thread: they go at its pace.
void WalBound::cut(sqlite3* handle, int pages) {
    std::unique_lock<std::timed_mutex> held;
    if (aside_ && !(held = aside_->hold(pages < 2 * most_ ? kPatienceMs : -1))) return;
    ::sqlite3_busy_timeout(handle, kPatienceMs);
    ::sqlite3_wal_checkpoint_v2(handle, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    ::sqlite3_busy_timeout(handle, busy_ms_);
}

} // namespace owhale::store
