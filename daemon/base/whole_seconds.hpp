// Times in sentences that people read: without the microseconds that messages and records keep.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace owhale {

// 2026-11-22T13:00:00.000000Z to 2026-11-22T13:00:00Z; what has no fraction stays as it is.
inline std::string whole_seconds(std::string_view rfc3339) {
    const auto point = rfc3339.find('.');
    if (point == rfc3339.npos) return std::string(rfc3339);
    const auto zone = std::min(rfc3339.find_first_not_of("0123456789", point + 1), rfc3339.size());
    return std::string(rfc3339.substr(0, point)) + std::string(rfc3339.substr(zone));
}

} // namespace owhale
