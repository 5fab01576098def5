// Where a run's time went, step by step, as `runs show --timing` tells it. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace owhale::cli {

struct TimedStep {
    std::string name;
    std::uint64_t us = 0;     // its own
    std::string_view meaning; // "" of steps that are not known here
};

// In the order of a run. The jail's steps come told by when each ended: here each has what lies between it and the one before.
std::vector<TimedStep> timed_steps(const std::map<std::string, std::uint64_t>& timing);

} // namespace owhale::cli
