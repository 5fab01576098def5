// Overwrites what proved who asks, when it has done so.
#pragma once

#include <sodium.h>
#include <string>

namespace owhale::transport {

inline void wipe(std::string& secret) {
    sodium_memzero(secret.data(), secret.size());
    secret.clear();
}

} // namespace owhale::transport
