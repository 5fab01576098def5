// A disk that remembers what SQLite did to it, and that can be slow, full or broken: a VFS over SQLite's default one.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <sqlite3.h>
#include <string>
#include <vector>

namespace owhale::test {

struct DiskAct {
    enum class Kind { write, truncate, sync, remove, sync_folder };
    Kind kind = Kind::write;
    std::string file; // without its folder
    std::int64_t at = 0;
    std::string data; // of a write
};

class Disk {
public:
    Disk();  // what is opened from now on lies on it
    ~Disk(); // after all that was opened is closed
    Disk(const Disk&) = delete;
    Disk& operator=(const Disk&) = delete;

    // What was done to files whose names begin with `only`, in order. Not to the -shm file: it is memory, and the next start
    // makes it anew. Only these wait in hold(), too.
    void remember_only(std::string only) { only_ = std::move(only); } // before anything is opened
    std::vector<DiskAct> history() const;
    std::size_t count() const;
    void remember(bool on) { remembering_ = on; }

    // SQLite's code for what fails from now on, with the errno behind it; SQLITE_OK: nothing does.
    void fail_writes(int code, int errnum = 0) { set(write_, code, errnum); }
    void fail_syncs(int code, int errnum = 0) { set(sync_, code, errnum); }
    void fail_opens(int code, int errnum = 0) { set(open_, code, errnum); }
    void fail_only(std::string only) {
        failing_ = std::move(only);
    } // files whose names begin so; before anything is opened
    void fail_writes_after(std::int64_t more) { writes_left_ = more; } // so many succeed first
    void heal();
    void slow_syncs(int ms) { sync_ms_ = ms; }
    void skip_syncs(bool on) { skipping_ = on; } // for those who look at what is there, and need nothing kept
    void on_sync(std::function<void()> what) {
        on_sync_ = std::move(what);
    } // in the thread that syncs; before any does
    std::uint64_t syncs() const { return syncs_; }

    // The next write waits, until it is let go: what comes meanwhile waits for one commit together.
    void hold();
    void wait_until_held();
    void let_go();

private:
    struct Failing {
        std::atomic<int> code{SQLITE_OK};
        std::atomic<int> errnum{0};
    };
    struct Handle;
    struct Methods;
    bool counts(const std::string& file) const { return file.starts_with(only_); }
    bool fails(const Failing& failing, const std::string& file) const {
        return failing.code != SQLITE_OK && file.starts_with(failing_);
    }
    static void set(Failing& failing, int code, int errnum);
    static int failed(const Failing& failing);
    void note(DiskAct act);
    void pass_gate(const std::string& file);

    sqlite3_vfs* real_;
    sqlite3_vfs vfs_;
    std::string only_, failing_;
    std::function<void()> on_sync_;
    Failing write_, sync_, open_;
    std::atomic<std::int64_t> writes_left_{0};
    std::atomic<int> sync_ms_{0};
    std::atomic<bool> skipping_{false}, remembering_{true};
    std::atomic<std::uint64_t> syncs_{0};
    mutable std::mutex mutex_; // guards the rest
    std::vector<DiskAct> history_;
    std::condition_variable changed_;
    enum class Gate { open, closed, waited_at };
    Gate gate_ = Gate::open;
};

} // namespace owhale::test
