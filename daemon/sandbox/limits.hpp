// What holds for one run.
#pragma once

#include <cstdint>

namespace owhale::sandbox {

struct RunLimits { // bytes, counts, milliseconds; 0: none (memory and pids: the spawner's ceiling)
    std::uint64_t memory = 0, pids = 0, cpu_milli = 0, wall_ms = 0, file_size = 0, open_files = 0, box = 0, output = 0;
};

} // namespace owhale::sandbox
