// Jails that wait for their runs: made ahead up to the point where a plan is needed, for whoever started runs lately. Each is
// for one identity and network, is used once, and holds what this machine showed a moment ago: whatever changed since (a mount,
// a system folder, what no cage may show) makes it void. A run that finds none is built from the beginning, as every other.
#pragma once

#include <list>
#include <memory>
#include <optional>

#include "spawner/cgroups.hpp"
#include "spawner/jailer.hpp"
#include "spawner/loop.hpp"
#include "spawner/options.hpp"

namespace owhale::spawner {

struct Prepared {
    std::uint64_t id = 0;
    JailKey key;
    bool ready = false;
    std::int64_t made_ns = 0;
    pid_t pid = -1;
    Fd process, setup, report; // our ends
    Cgroup cgroup;
    std::vector<Fd> namespaces, network;
    bool networked = false; // it has handed its scoped network over:
    NetworkMade made;
};

class Pool {
public:
    Pool(Loop& loop, const Options& options, const Surroundings& surroundings)
        : loop_(loop), options_(options), surroundings_(surroundings) {}

    // Starts the jailer, unless the setting says that there is no pool.
    Status open();
    // A jail that is ready, or one in the making: it takes its plan when it is, and speaks to whoever has its `setup`. None where
    // the jailer cannot make any. The demand is noted.
    std::unique_ptr<Prepared> take(const JailKey& key);
    static bool is_all_there_is(); // in tests: what could have a prepared jail and has none does not run
    // A run has ended: a good moment to make up for what was taken.
    void refill();
    Status jailer_answered();
    Status jail_spoke(std::uint64_t id);
    void drain();
    void give_up(std::unique_ptr<Prepared> jail);
    void tick(std::int64_t now);
    // When tick() is to be called next; `latest` if nothing is due.
    std::int64_t next_deadline(std::int64_t latest) const;
    void end_all();

private:
    struct Demand {
        JailKey key;
        std::size_t want = 1;
        std::int64_t last_ns = 0;
    };
    struct Mark { // what a path is now
        std::uint64_t device = 0, inode = 0;
        bool operator==(const Mark&) const = default;
    };

    Demand& demand_for(const JailKey& key, std::int64_t now);
    std::size_t held(const JailKey& key) const;
    std::optional<JailKey> wanted() const;
    Status ask(const JailKey& key);
    Status begin(const JailKey& key);
    bool await_answer();
    std::unique_ptr<Prepared> make_now(const JailKey& key);
    bool has_moved();
    std::vector<Mark> look() const;
    void drop_what_is_void();
    void drop_jails();
    void give_up_all(const JailKey& key);
    void reap();
    void sleep(std::int64_t now);
    bool is_short_of_memory() const;
    std::unique_ptr<Prepared> find(const JailKey& key, bool ready);
#ifdef OWHALE_FAULTS
    std::unique_ptr<Prepared> wait_for(const JailKey& key);
#endif

    Loop& loop_;
    const Options& options_;
    const Surroundings& surroundings_;
    Jailer jailer_;
    std::vector<std::string> watched_; // system folders, and what is masked in them
    std::vector<Mark> marks_;
    Fd mounts_; // of /proc/self/mountinfo: it tells by poll that something was mounted
    std::list<Demand> demand_;
    std::list<std::unique_ptr<Prepared>> jails_;
    std::unique_ptr<Prepared> asked_; // of the jailer, one at a time
    bool asked_is_void_ = false;
    std::vector<std::unique_ptr<Prepared>> ending_;
    std::uint64_t next_id_ = 1;
    std::int64_t refill_ns_ = 0, asleep_until_ns_ = 0, next_look_ns_ = 0;
};

} // namespace owhale::spawner
