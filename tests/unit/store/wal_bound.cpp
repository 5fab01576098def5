// The write-ahead log does not grow without end, whoever reads meanwhile.
#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

#include "folder.hpp"
#include "store/database.hpp"
#include "store/transaction.hpp"

#include "checks.hpp"

using namespace owhale;
using namespace owhale::store;

namespace {

constexpr std::size_t kRow = 1 << 20;

std::uintmax_t wal_size(const std::string& path) {
    return std::filesystem::file_size(path + "-wal");
}

// Reads that overlap those of another: in no moment is nobody there.
void read_on(const std::string& path, std::atomic<bool>& done, std::atomic<int>& turn, int mine) {
    auto database = Database::open_to_read(path);
    while (!done && database) {
        (void)database->execute("BEGIN; SELECT count(*) FROM t");
        const int seen = turn;
        turn = mine;
        const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
        while (!done && (turn == mine || turn == seen) && std::chrono::steady_clock::now() < end)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        (void)database->execute("COMMIT");
    }
}

} // namespace

TEST_CASE("a reader keeps the log as long as it reads; then it is cut") {
    const test::Folder folder;
    const auto path = folder / "a.db";
    auto database = Database::open(path, Durability::process);
    REQUIRE(database->execute("CREATE TABLE t (x)"));
    auto reader = Database::open_to_read(path);
    REQUIRE(reader->execute("BEGIN; SELECT count(*) FROM t"));
    auto insert = database->prepare("INSERT INTO t VALUES (zeroblob(?))");
    for (std::size_t size = 0; size < 20u << 20; size += kRow) REQUIRE(insert->with(kRow).run());
    CHECK_GT(wal_size(path), 20u << 20);
    REQUIRE(reader->execute("COMMIT"));
    // Brought over at the next try, begun anew and cut to its usual size at the write after that.
    for (std::size_t size = 0; size < 8u << 20; size += kRow) REQUIRE(insert->with(kRow).run());
    CHECK_LE(wal_size(path), 17u << 20);
}

TEST_CASE("readers that overlap do not keep it for ever") {
    const test::Folder folder;
    const auto path = folder / "a.db";
    auto checkpoints = Checkpoints::by_commits;
    SUBCASE("commits bring it over") {}
    SUBCASE("a thread does") {
        checkpoints = Checkpoints::aside;
    }
    auto database = Database::open(path, Durability::process, checkpoints);
    REQUIRE(database->execute("CREATE TABLE t (x)"));
    std::atomic<bool> done = false;
    std::atomic<int> turn = 0;
    std::thread first([&] { read_on(path, done, turn, 1); }), second([&] { read_on(path, done, turn, 2); });
    auto insert = database->prepare("INSERT OR REPLACE INTO t (rowid, x) VALUES (?, zeroblob(?))");
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    std::uintmax_t most = 0, size = 0;
    bool cut = false;
    for (int row = 0; !cut && std::chrono::steady_clock::now() < end; ++row) {
        if (size > std::uintmax_t{WalBound::kMost} * 2) std::this_thread::sleep_for(std::chrono::milliseconds(20));
        if (!insert->with(row % 8, kRow).run()) break;
        size = wal_size(path);
        cut = most > std::uintmax_t{WalBound::kMost} && size < most / 2;
        most = std::max(most, size);
        if (size < most && most <= std::uintmax_t{WalBound::kMost}) most = 0; // a gap after all: once more
    }
    done = true;
    first.join();
    second.join();
    MESSAGE("at most " << (most >> 20) << " MiB");
    CHECK(cut);
}
