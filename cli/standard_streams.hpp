// Standard descriptors that came closed.
#pragma once

#include <fcntl.h>
#include <unistd.h>

namespace owhale::cli {

// One that came closed must not become our socket: what is written to it would go there. False when that cannot be helped.
inline bool fill_standard_descriptors() {
    for (int fd = 0; fd <= 2; ++fd) {
        if (::fcntl(fd, F_GETFD) >= 0) continue;
        if (::open("/dev/null", O_RDONLY) != fd) return false; // an end of input, and EBADF for what writes
    }
    return true;
}

} // namespace owhale::cli
