// Brings a write-ahead log into its database now and then, as SQLite would, and keeps readers from letting it grow for ever.
//
// SQLite's own way (https://sqlite.org/wal.html, "Checkpoint starvation") begins the log anew only in a moment without any
// reader; while reads overlap there is none. Past kMost a commit waits a moment for those who read old pages. With a
// Checkpointer no commit syncs before that.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "store/checkpointer.hpp"

struct sqlite3;

namespace owhale::store {

class WalBound {
public:
    static constexpr int kMost = 64 << 20;  // bytes, of the usual 4 KiB pages
    static constexpr int kPatienceMs = 100; // of a commit past it, at most once in kPauseNs
    static constexpr std::int64_t kPauseNs = 1'000'000'000;

    // At `handle`, which it has to outlive. As often as the connection's wal_autocheckpoint says.
    void watch(sqlite3* handle, int busy_ms);
    // From now on by a thread, when there can be one.
    void go_aside(const std::string& path) { aside_ = Checkpointer::open(path); }

private:
    static int committed(void* self, sqlite3* handle, const char* database, int pages);
    void bring_over(sqlite3* handle, int pages);
    void cut(sqlite3* handle, int pages);

    int often_ = 1000, most_ = 16384; // pages
    int busy_ms_ = 0;
    int next_ = 0;               // pages at which it is tried again
    int last_ = 0;               // pages at the commit before
    std::int64_t waited_ns_ = 0; // when a commit last waited
    std::unique_ptr<Checkpointer> aside_;
};

} // namespace owhale::store
