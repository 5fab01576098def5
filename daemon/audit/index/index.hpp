// The index of the audit log, as the log uses it: kept up by a thread of its own, asked through a few others. Whoever
// writes events never waits for it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "audit/index/filler.hpp"
#include "audit/index/readers.hpp"
#include "audit/index/stats.hpp"

namespace owhale::audit {

class Index {
public:
    // What was made again, for the log to tell.
    struct Rebuilt {
        std::string why;          // a line for people
        std::uint64_t events = 0; // in it
        std::int64_t milliseconds = 0;
    };
    using OnRebuilt = std::function<void(Rebuilt)>;

    // Of the log in `dir`; `events` that it has already. Opens nothing and starts no thread yet. `on_rebuilt` is called on
    // the index's thread.
    Index(std::string dir, std::uint64_t events, OnRebuilt on_rebuilt);
    ~Index();

    // Ends the thread that follows the log: `on_rebuilt` is not called any more, and nudge() does nothing. Who writes events
    // and calls nudge() may go after this, and before the index.
    void stop();

    // There are new events, or bodies have gone. From any thread; returns at once. The first one starts the thread.
    void nudge();
    // The last event that is indexed.
    std::uint64_t through() const { return through_; }

    // `done` is called once, on another thread or, with busy, on this one. `asker` is whose turn it takes.
    template <typename Value> using Done = std::move_only_function<void(Result<Value>)>;
    void page(const std::string& asker, Query query, Done<Page> done);
    void stats(const std::string& asker, StatsQuery query, Done<Stats> done);

private:
    template <typename Value, typename Asked, typename Find>
    void ask(const std::string& asker, Asked asked, Find find, Done<Value> done);
    void work();
    bool wait_for_news();
    bool open();
    void put_off(const Error& why);
    void make_anew(std::string why);
    Status catch_up();
    void tell_progress();
    void tell_rebuilt();

    const std::string dir_;
    const std::uint64_t events_before_;
    const OnRebuilt on_rebuilt_;
    std::atomic<std::uint64_t> through_ = 0;
    std::atomic<bool> damaged_ = false, ending_ = false;

    // Of the thread alone.
    std::unique_ptr<index::Filler> filler_;
    std::string why_;                   // it is being made again: why
    std::int64_t began_ = 0, told_ = 0; // ns
    bool failing_ = false;              // waits before it tries again
    bool again_ = false;                // it was removed, and has not been complete since

    std::mutex mutex_; // guards the three below
    std::condition_variable changed_;
    bool news_ = false;
    std::thread thread_;
    index::Readers readers_; // gone first: it calls nudge()
};

} // namespace owhale::audit
