// Says, while a database works on one thing for long, that it does: a migration of a large log takes minutes.
#pragma once

#include <chrono>
#include <functional>

#include "store/database.hpp"

namespace owhale::store {

// Called by the thread that works, at the beginning and then no more often than `every`, as long as statements get on. It
// must not use the database. Nothing is said while one of them hangs, and while a commit is written out.
using Told = std::function<void()>;

class LongWork {
public:
    LongWork(Database& database, Told told, std::chrono::milliseconds every);
    ~LongWork();
    LongWork(const LongWork&) = delete;
    LongWork& operator=(const LongWork&) = delete;

private:
    static int got_on(void* self);
    void tell();

    Database& database_;
    Told told_;
    std::chrono::milliseconds every_;
    std::chrono::steady_clock::time_point last_;
};

} // namespace owhale::store
