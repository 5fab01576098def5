#include "store/checkpointer.hpp"

#include <algorithm>
#include <chrono>
#include <sqlite3.h>
#include <system_error>
#include <utility>

#include "base/clock.hpp"

namespace owhale::store {
namespace {

constexpr std::int64_t kShortestRest = 100'000'000; // ns, between two rounds
constexpr int kRestsPerRound = 4;                   // of the disk's time most is for others

int user_version(sqlite3* handle) {
    sqlite3_stmt* statement = nullptr;
    int value = 0;
    if (::sqlite3_prepare_v2(handle, "PRAGMA user_version", -1, &statement, nullptr) == SQLITE_OK &&
        ::sqlite3_step(statement) == SQLITE_ROW)
        value = ::sqlite3_column_int(statement, 0);
    ::sqlite3_finalize(statement);
    return value;
}

bool does(sqlite3* handle, const std::string& sql) {
    return ::sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
}

} // namespace

std::unique_ptr<Checkpointer> Checkpointer::open(const std::string& path) {
    sqlite3* handle = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    const bool opened = ::sqlite3_open_v2(path.c_str(), &handle, flags, nullptr) == SQLITE_OK;
    auto made = std::unique_ptr<Checkpointer>(new Checkpointer(handle));
    if (!opened) return nullptr;
    if (!does(handle, "PRAGMA synchronous=NORMAL")) return nullptr;
    try {
        made->thread_ = std::thread([self = made.get()] { self->work(); });
    } catch (const std::system_error&) {
        return nullptr;
    }
    return made;
}

Checkpointer::~Checkpointer() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
    ::sqlite3_close_v2(handle_);
}

void Checkpointer::wake() {
    {
        const std::lock_guard lock(mutex_);
        awake_ = true;
    }
    changed_.notify_one();
}

std::unique_lock<std::timed_mutex> Checkpointer::hold(int most_ms) {
    if (most_ms < 0) return std::unique_lock(rounds_);
    return {rounds_, std::chrono::milliseconds(most_ms)};
}

void Checkpointer::work() {
    for (;;) {
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [this] { return awake_ || ending_; });
            if (ending_) return;
            awake_ = false;
        }
        catch_up();
    }
}

void Checkpointer::catch_up() {
    for (;;) {
        const auto begun = monotonic_ns();
        if (!round()) return;
        const auto took = monotonic_ns() - begun;
        if (!rest(std::max(kShortestRest, took * kRestsPerRound))) return;
    }
}

bool Checkpointer::round() {
    const std::lock_guard lock(rounds_);
    int log = 0, brought = 0;
    const int code = ::sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_PASSIVE, &log, &brought);
    // Without progress a reader, another connection or a broken disk is in the way: at a later commit again.
    const bool moved = code == SQLITE_OK && brought != std::exchange(brought_, brought);
    const bool whole = brought == log && pages_ <= brought;
    if (moved && whole) begin_anew();
    return moved && !whole;
}

// Writes what is there already. Where somebody writes now, that one begins the log.
void Checkpointer::begin_anew() {
    if (!does(handle_, "BEGIN IMMEDIATE")) return;
    const auto sql = "PRAGMA user_version=" + std::to_string(user_version(handle_));
    if (!does(handle_, sql) || !does(handle_, "COMMIT")) does(handle_, "ROLLBACK");
}

// False: it is to end.
bool Checkpointer::rest(std::int64_t ns) {
    std::unique_lock lock(mutex_);
    return !changed_.wait_for(lock, std::chrono::nanoseconds(ns), [this] { return ending_; });
}

} // namespace owhale::store
