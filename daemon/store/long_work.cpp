#include "store/long_work.hpp"

#include <sqlite3.h>
#include <utility>

namespace owhale::store {
namespace {

constexpr int kSteps = 10'000; // of SQLite's machine, between two looks at the clock: a millisecond or so

} // namespace

LongWork::LongWork(Database& database, Told told, std::chrono::milliseconds every)
    : database_(database), told_(std::move(told)), every_(every) {
    if (!told_) return;
    tell();
    ::sqlite3_progress_handler(database_.handle(), kSteps, got_on, this);
}

LongWork::~LongWork() {
    ::sqlite3_progress_handler(database_.handle(), 0, nullptr, nullptr);
}

void LongWork::tell() {
    last_ = std::chrono::steady_clock::now();
    told_();
}

int LongWork::got_on(void* self) {
    auto& work = *static_cast<LongWork*>(self);
    if (std::chrono::steady_clock::now() - work.last_ >= work.every_) work.tell();
    return 0; // else SQLite would break the statement off
}

} // namespace owhale::store
