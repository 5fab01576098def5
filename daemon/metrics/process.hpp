// What the kernel says of this process, through files that were opened before it was confined.
#pragma once

#include <cstdint>

#include "base/fd.hpp"
#include "metrics/exposition.hpp"

namespace owhale::metrics {

class Process {
public:
    // As the process that is asked about; what cannot be opened is not told.
    static Process open();

    std::int64_t cpu_us() const;
    std::uint64_t resident_bytes() const;   // 0: not known
    std::uint64_t open_descriptors() const; // 0: not known
    std::uint64_t most_descriptors() const;
    void show(Exposition& out) const;

private:
    Process(Fd memory, Fd descriptors) : memory_(std::move(memory)), descriptors_(std::move(descriptors)) {}
    Fd memory_, descriptors_; // /proc/self/statm, /proc/self/fd
};

} // namespace owhale::metrics
