// What holds for one run.
#pragma once

#include <cstdint>

namespace owhale::sandbox {

// Less than a page or two in each of the kernel's turns is a run that stands still.
inline constexpr std::uint64_t kLeastIo = 64u << 10;

struct RunLimits { // bytes, counts, milliseconds, io bytes a second; 0: none (memory and pids: not known)
    std::uint64_t memory = 0, pids = 0, cpu_milli = 0, io = 0, wall_ms = 0, file_size = 0, open_files = 0, box = 0,
                  output = 0;
};

} // namespace owhale::sandbox
