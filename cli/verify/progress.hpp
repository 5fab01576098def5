// How far a long pass has come, on a terminal's stderr: a bar, the rate, the time left.
#pragma once

#include <chrono>
#include <cstdint>

namespace owhale::cli::verify {

class Progress {
public:
    // Shows nothing unless `shown`, and nothing before half a second has gone by.
    Progress(std::uint64_t total, bool shown);
    ~Progress(); // takes the line away
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    void at(std::uint64_t done);

private:
    using Clock = std::chrono::steady_clock;
    std::uint64_t total_;
    bool shown_, drawn_ = false;
    Clock::time_point began_, next_;
};

} // namespace owhale::cli::verify
