// Who commits does not wait for the disk while the write-ahead log is brought into the database.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <semaphore>
#include <thread>

#include "../audit/disk.hpp"
#include "folder.hpp"
#include "store/database.hpp"

#include "checks.hpp"

using namespace owhale;
using namespace owhale::store;
using test::DiskAct;

namespace {

constexpr auto kLongest = std::chrono::seconds(60);

// A folder whose database is written by this thread; counts who syncs.
struct Scene {
    Scene() {
        disk.remember_only("a.db-wal");
        disk.on_sync([this] { note_sync(); });
        database.emplace(std::move(*Database::open(path, Durability::process, Checkpoints::aside)));
        REQUIRE(database->execute("CREATE TABLE t (x); INSERT INTO t VALUES (0)"));
        mine = others = 0;
    }
    void note_sync() {
        if (std::this_thread::get_id() == writer)
            ++mine;
        else if (++others == 1 && holding)
            goes_on.acquire();
    }
    void commit() { REQUIRE(database->execute("UPDATE t SET x = x + 1")); }
    // Of a new log.
    auto headers() const {
        return std::ranges::count_if(
            disk.history(), [](const DiskAct& act) { return act.kind == DiskAct::Kind::write && act.at == 0; });
    }

    test::Folder folder;
    std::string path = folder / "a.db";
    test::Disk disk;
    const std::thread::id writer = std::this_thread::get_id();
    std::atomic<int> mine{0}, others{0};
    std::atomic<bool> holding{false}; // the other thread's first sync, until goes_on
    std::binary_semaphore goes_on{0};
    std::optional<Database> database; // gone before the disk
};

} // namespace

TEST_CASE("5,000 commits sync nothing but the header of a log that one of them begins") {
    Scene scene;
    scene.disk.slow_syncs(5); // so that commits come while the thread syncs
    const auto before = scene.headers();
    for (int i = 0; i < 5000; ++i) scene.commit();
    CHECK_LE(scene.mine, scene.headers() - before);
    MESSAGE("the commits' thread synced " << scene.mine.load() << " times, the other " << scene.others.load());
    const auto end = std::chrono::steady_clock::now() + kLongest;
    while (scene.others < 2 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    CHECK_GE(scene.others, 2); // the log, then the database
}

TEST_CASE("a commit does not wait for a sync of the other thread") {
    Scene scene;
    scene.holding = true;
    const auto end = std::chrono::steady_clock::now() + kLongest;
    while (scene.others == 0 && std::chrono::steady_clock::now() < end) scene.commit();
    REQUIRE(scene.others == 1);
    for (int i = 0; i < 1000; ++i) scene.commit(); // or this never ends
    scene.goes_on.release();
}

TEST_CASE("a log that was brought over while nobody wrote begins anew, and no commit syncs for that") {
    Scene scene;
    scene.holding = true; // until nobody writes
    const auto before = scene.headers();
    for (int i = 0; i < 1100; ++i) scene.commit();
    scene.goes_on.release();
    const auto end = std::chrono::steady_clock::now() + kLongest;
    while (scene.headers() == before && std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    CHECK_GT(scene.headers(), before);
    scene.commit();
    CHECK_EQ(scene.mine, 0);
    auto check = scene.database->prepare("SELECT x FROM t");
    auto row = check->with();
    REQUIRE(row.next());
    CHECK_EQ(row.integer(0), 1101);
}

TEST_CASE("what it cannot bring over stays in the log and is there") {
    Scene scene;
    scene.disk.fail_syncs(SQLITE_IOERR_FSYNC);
    for (int i = 0; i < 1100; ++i) scene.commit();
    scene.disk.heal();
    scene.database.reset();
    auto again = Database::open(scene.path, Durability::process);
    auto check = again->prepare("SELECT x FROM t");
    auto row = check->with();
    REQUIRE(row.next());
    CHECK_EQ(row.integer(0), 1100);
}
