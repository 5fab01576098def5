// What one attempt to move bytes came to, without waiting.
#pragma once

#include <cstddef>

namespace owhale::transport {

struct Moved {
    enum class How { some, wait_read, wait_write, closed };
    How how = How::closed;
    std::size_t bytes = 0;
};

} // namespace owhale::transport
