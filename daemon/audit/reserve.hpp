// What is left of the log's disk, and a part of it that agents cannot use up: a log that takes nothing more records
// nobody's acts, so what root and people who logged in do has room of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "audit/event.hpp"

namespace owhale::audit {

struct Space {
    enum class Level { enough, low, reserved };
    std::uint64_t free = 0, total = 0; // bytes; 0 and 0 when the disk does not say
    Level level = Level::enough;
};

// Low below a tenth of the disk, or 1 GiB; the reserve is a fiftieth of it, or 64 MiB: whichever is less.
Space::Level level_of(std::uint64_t free, std::uint64_t total);
// Whether the reserve is not for this event: what callers without a login and tokens of agents do, and whatever begins a run,
// but for root's. What ends something, and stops a run, is never held up.
bool stays_out(const Event& event);

// Of one thread.
class Reserve {
public:
    explicit Reserve(std::string folder) : folder_(std::move(folder)) {}
    // Asks the disk; a level that changed is told in owhaled's own log.
    Space look();
    // audit_unavailable for what stays out now. While there is enough, the disk is asked once a second at most.
    Status admit(const Event& event);

private:
    std::string folder_;
    Space space_;
    std::chrono::steady_clock::time_point looked_{};
};

} // namespace owhale::audit
