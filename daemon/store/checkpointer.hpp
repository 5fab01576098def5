// Brings a write-ahead log into its database from a thread and a connection of its own: who commits waits for no sync of it.
//
// SQLite begins the log anew only when all of it has been brought over while nobody wrote
// (https://sqlite.org/wal.html#checkpointing). So a round goes over what came during the one before, with rests between. The
// first write into a new log syncs its header: when nobody else writes, the thread makes that one, too.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

struct sqlite3;

namespace owhale::store {

class Checkpointer {
public:
    // Null: there is no second connection to be had, or no thread.
    static std::unique_ptr<Checkpointer> open(const std::string& path);
    ~Checkpointer(); // waits for a round's end
    Checkpointer(const Checkpointer&) = delete;
    Checkpointer& operator=(const Checkpointer&) = delete;

    // After a commit: the log's length in pages.
    void saw(int pages) { pages_ = pages; }
    // It is time. Returns at once.
    void wake();
    // While it lives no round runs. Waits for the end of one for `most_ms`, or, when that is negative, for as long as it
    // takes; it owns nothing when that was too short.
    std::unique_lock<std::timed_mutex> hold(int most_ms);

private:
    explicit Checkpointer(sqlite3* handle) : handle_(handle) {}
    void work();
    void catch_up();
    void begin_anew();
    bool round(); // whether pages are left that a further one could bring over
    bool rest(std::int64_t ns);

    sqlite3* handle_;
    std::atomic<int> pages_{0};
    int brought_ = 0;         // pages, by the round before
    std::timed_mutex rounds_; // held during one
    std::mutex mutex_;        // guards the two below
    bool awake_ = false, ending_ = false;
    std::condition_variable changed_;
    std::thread thread_;
};

} // namespace owhale::store
